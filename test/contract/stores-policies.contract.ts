import { describe, expect, it } from '@jest/globals';
import { openPolicies } from '../../src/stores/policies.ts';
import { many } from '../support/many.ts';
import type { Opened } from './stores-people.contract.ts';

export function policyRows(engine: Opened): void {
  describe('policies', () => {
    const revision = (number: number) => ({ number, at: number, source: 'apply' as const, by: 'ana', note: `the ${number}.` });

    it('of many who make the same revision at once exactly one does, and its document is in force [W124]', async () => {
      const policies = openPolicies(engine());
      expect(await policies.latest()).toBeNull();
      for (let round = 1; round <= 10; round += 1) {
        const made = await many(20, (n) => policies.add(revision(round), { round, n }));
        expect(made.filter(Boolean)).toHaveLength(1);
        const latest = await policies.latest();
        expect(latest).toMatchObject(revision(round));
        expect(await policies.document(latest?.digest ?? '')).toEqual({ round, n: made.indexOf(true) });
      }
    });

    it('tells the history newest first, page by page, and each by its number', async () => {
      const policies = openPolicies(engine());
      for (let number = 1; number <= 12; number += 1) await policies.add(revision(number), { same: number % 2 });
      const numbers = async (page: Parameters<typeof policies.history>[0]) => (await policies.history(page)).map(({ number }) => number);
      expect(await numbers({ limit: 5 })).toEqual([12, 11, 10, 9, 8]);
      expect(await numbers({ before: 8, limit: 5 })).toEqual([7, 6, 5, 4, 3]);
      expect(await numbers({ before: 3, limit: 5 })).toEqual([2, 1]);
      expect(await numbers({ before: 1, limit: 5 })).toEqual([]);
      expect((await policies.get(9))?.note).toBe('the 9.');
      expect(await policies.get(13)).toBeNull();
      expect((await policies.get(9))?.digest).toBe((await policies.get(11))?.digest);
      expect(await policies.document('no such digest')).toBeUndefined();
    });
  });
}
