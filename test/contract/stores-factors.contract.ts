import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/domain/secret.ts';
import { UserId } from '../../src/domain/ids.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { secondFactors } from '../../src/stores/collections.ts';
import { openSecondFactors } from '../../src/stores/second-factors.ts';
import type { Opened } from './stores-people.contract.ts';
import { many } from '../support/many.ts';

export function factorRows(engine: Opened): void {
  describe('second factors', () => {
    const sealing = openSealing(new Secret<'key'>(Buffer.alloc(32, 7).toString('base64url')));
    const id = UserId.parse('u_1');
    const factor = (enrolment: string, who = id) => ({
      id: who,
      enrolment,
      version: 1,
      lastStep: 1,
      recovery: ['a', 'b'],
      failures: 0,
      lockedUntil: 0,
      enrolledAt: 7,
    });
    const change = (version: number) => ({ version, lastStep: 2, recovery: ['b'], failures: 0, lockedUntil: 0 });

    it('of any number of concurrent enrolments of one person exactly one is added, and what is there is never replaced', async () => {
      const store = openSecondFactors(engine(), sealing);
      for (let round = 0; round < 5; round += 1) {
        const who = UserId.parse(`u_${round}`);
        const outcomes = await many(10, (n) => store.add(factor(String(n), who), `secret ${n}`));
        expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(1);
        const row = await store.get(who);
        expect(row).toMatchObject({ enrolment: String(outcomes.indexOf('added')) });
        expect(row === null ? null : store.secretOf(row)).toBe(`secret ${row?.enrolment ?? ''}`);
        expect(await store.add(factor('later', who), 'another')).toBe('exists');
        expect(await store.get(who)).toEqual(row);
      }
    });

    it('keeps the secret sealed, and has none to tell under another key', async () => {
      const store = openSecondFactors(engine(), sealing);
      await store.add(factor('e'), 'JBSWY3DPEHPK3PXP');
      expect(JSON.stringify(await engine().page(secondFactors))).not.toContain('JBSWY3DP');
      const other = openSecondFactors(engine(), openSealing(new Secret<'key'>(Buffer.alloc(32, 8).toString('base64url'))));
      const row = await other.get(id);
      expect(row === null ? 'no row' : other.secretOf(row)).toBeNull();
    });

    it('of any number of concurrent callers who judged the same row exactly one writes', async () => {
      const store = openSecondFactors(engine(), sealing);
      await store.add(factor('e'), 's');
      for (let round = 1; round < 6; round += 1) {
        const judged = await store.get(id);
        if (judged === null) throw new Error('the row is gone');
        const written = await many(10, () => store.settle(judged, change(round + 1)));
        expect(written.filter(Boolean)).toHaveLength(1);
      }
    });

    it('takes a row from before passkeys as one with none, and writes them beside what is there', async () => {
      const store = openSecondFactors(engine(), sealing);
      await engine().insert(secondFactors, { ...factor('e'), sealed: sealing.seal('second_factor', 'OLD') });
      const old = await store.get(id);
      if (old === null) throw new Error('the row is gone');
      expect(old.passkeys).toEqual([]);
      const passkeys = [{ id: 'p', publicKey: 'k', counter: 0, transports: ['usb'], addedAt: 7 }];
      expect(await store.settle(old, { ...change(2), passkeys })).toBe(true);
      const row = await store.get(id);
      expect(row).toMatchObject({ passkeys, enrolment: 'e', enrolledAt: 7 });
      expect(row === null ? null : store.secretOf(row)).toBe('OLD');
      // A version that knows nothing of them changes nothing about them.
      if (row !== null) expect(await store.settle(row, change(3))).toBe(true);
      expect((await store.get(id))?.passkeys).toEqual(passkeys);
    });

    it('without an app has no secret, until one joins it; what a newer version says of a passkey stays', async () => {
      const store = openSecondFactors(engine(), sealing);
      const newer = { id: 'p', publicKey: 'k', counter: 0, transports: [], addedAt: 7, heldBy: { name: 'somebody', 'a.b': 1 } };
      expect(await store.add({ ...factor('e'), passkeys: [newer] }, null)).toBe('added');
      const row = await store.get(id);
      if (row === null) throw new Error('the row is gone');
      expect([store.secretOf(row), Object.keys(row)]).toEqual([null, expect.not.arrayContaining(['sealed'])]);
      expect(await store.settle(row, { ...change(2), passkeys: row.passkeys.map((each) => ({ ...each, counter: 1 })) }, 'NEW')).toBe(true);
      const after = await store.get(id);
      expect([after?.passkeys, after === null ? null : store.secretOf(after)]).toEqual([[{ ...newer, counter: 1 }], 'NEW']);
    });

    it('what was judged before a reset does not touch what was enrolled after it', async () => {
      const store = openSecondFactors(engine(), sealing);
      await store.add(factor('one'), 's');
      const judged = await store.get(id);
      const removed = await many(5, () => store.remove(id));
      expect(removed.filter(Boolean)).toHaveLength(1);
      await store.add(factor('two'), 't');
      expect(judged === null ? null : await store.settle(judged, change(2))).toBe(false);
      expect(await store.get(id)).toMatchObject({ enrolment: 'two', version: 1, lastStep: 1 });
    });
  });
}
