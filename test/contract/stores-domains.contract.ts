import { describe, expect, it } from '@jest/globals';
import type { ProvenDomain } from '../../src/domain/proven-domain.ts';
import { openProvenDomains } from '../../src/stores/proven-domains.ts';
import type { Opened } from './stores-people.contract.ts';
import { many } from '../support/many.ts';

export function domainRows(engine: Opened): void {
  describe('proven domains', () => {
    const row: ProvenDomain = { id: 'acme.example', value: 'drawbridge=mac', provenAt: 1, seenAt: 1, expiresAt: 100 };

    it('of any number of concurrent callers one row remains, and is renewed in its place', async () => {
      const domains = openProvenDomains(engine());
      await many(10, () => domains.keep(row));
      expect(await domains.all()).toEqual([row]);
      await domains.keep({ ...row, seenAt: 2, expiresAt: 101 });
      expect(await domains.all()).toEqual([{ ...row, seenAt: 2, expiresAt: 101 }]);
    });

    it('forgets a proof for the one caller who ended it, and not one that was seen again since', async () => {
      const domains = openProvenDomains(engine());
      await domains.keep({ ...row, seenAt: 2 });
      expect(await domains.drop(row)).toBe(false);
      const ended = await many(10, () => domains.drop({ ...row, seenAt: 2 }));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await domains.all()).toEqual([]);
    });

    it('has them all, however many', async () => {
      const domains = openProvenDomains(engine());
      const ids = Array.from({ length: 1_001 }, (_, index) => `company-${String(index).padStart(4, '0')}.example`);
      await many(ids.length, (n) => domains.keep({ ...row, id: ids[n] ?? '' }));
      expect((await domains.all()).map(({ id }) => id)).toEqual(ids);
    });
  });
}
