import { expect, describe, it } from '@jest/globals';
import { ConnectionId } from '../../src/domain/ids.ts';
import { groupNames } from '../../src/stores/collections.ts';
import { openGroupNames } from '../../src/stores/group-names.ts';
import { hookEngine } from '../support/slow-engine.ts';
import type { Opened } from './stores-people.contract.ts';

const day = 24 * 3_600_000;
const [corp, other] = [ConnectionId.parse('corp'), ConnectionId.parse('other')];

export function groupNameRows(engine: Opened): void {
  describe('group names', () => {
    const still = { at: Date.UTC(2026, 0, 1), now: () => still.at };
    const open = (bounds?: Parameters<typeof openGroupNames>[2]) => openGroupNames(engine(), still, bounds);

    it('are kept by connection and id, and the latest is what a group is called', async () => {
      const names = open();
      names.note(
        corp,
        new Map([
          ['g1', 'Engineering'],
          ['g2', 'Staff'],
        ]),
      );
      names.note(other, new Map([['g1', 'Somebody else’s']]));
      await names.settled();
      expect([...(await names.of(corp, ['g1', 'g2', 'g3', '__proto__']))]).toEqual([
        ['g1', 'Engineering'],
        ['g2', 'Staff'],
      ]);
      names.note(corp, new Map([['g1', 'Platform']]));
      await names.settled();
      expect(new Map((await names.ofConnection(corp, 100)).map(({ groupId, name }) => [groupId, name]))).toEqual(
        new Map([
          ['g1', 'Platform'],
          ['g2', 'Staff'],
        ]),
      );
      expect([...(await names.of(other, ['g1']))]).toEqual([['g1', 'Somebody else’s']]);
    });

    it('are written when they are news and once a day, by any number of processes', async () => {
      const names = open();
      const told = new Map([['g1', 'Engineering']]);
      names.note(corp, told);
      await names.settled();
      const [first] = await engine().page(groupNames);
      still.at += day - 1;
      for (const again of [names, open()]) {
        again.note(corp, told);
        await again.settled();
      }
      expect(await engine().page(groupNames)).toEqual([first]);
      still.at += 1;
      names.note(corp, told);
      await names.settled();
      expect(await engine().page(groupNames)).toEqual([{ ...first, seenAt: still.at, expiresAt: still.at + 90 * day }]);
      expect(await engine().sweep(groupNames, still.at + 90 * day)).toBe(1);
    });

    it('of any number of processes that are told at the same moment one row is left', async () => {
      const all = Array.from({ length: 8 }, () => open());
      for (const names of all) names.note(corp, new Map([['g1', 'Engineering']]));
      await Promise.all(all.map((names) => names.settled()));
      expect(await engine().page(groupNames)).toHaveLength(1);
    });

    it('have nobody wait and cost nobody a failure: what could not be written is written at another time', async () => {
      let fails = true;
      const failing = hookEngine(engine(), () => {
        if (fails) throw new Error('away');
      });
      const names = openGroupNames(failing, still);
      const told = new Map(Array.from({ length: 30 }, (_, n) => [`g${String(n)}`, `Group ${String(n)}`] as const));
      expect(names.note(corp, told)).toBeUndefined();
      await names.settled();
      expect(await engine().page(groupNames)).toEqual([]);
      fails = false;
      names.note(corp, told);
      await names.settled();
      expect((await names.of(corp, [...told.keys()])).size).toBe(30);
    });

    it('wait in a bounded number, and the rest is told again', async () => {
      const names = open({ waiting: 10, remembered: 5 });
      const told = new Map(Array.from({ length: 25 }, (_, n) => [`g${String(n)}`, `Group ${String(n)}`] as const));
      names.note(corp, told);
      await names.settled();
      expect(await engine().page(groupNames)).toHaveLength(10);
      names.note(corp, undefined);
      await names.settled();
      expect(await names.ofConnection(other, 100)).toEqual([]);
    });
  });
}
