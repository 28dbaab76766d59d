import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { administrationPermissions, isWithinReach, mayAdminister } from '../../src/domain/administration.ts';
import type { AdministrationPermission, Administrator } from '../../src/domain/administration.ts';
import type { AuditRecord } from '../../src/domain/audit-event.ts';
import { keepNewest, placeText, readPlace } from '../../src/domain/audit-search.ts';
import { csvLine } from '../../src/domain/csv.ts';
import { TenantId } from '../../src/domain/ids.ts';
import { isoMoment } from '../../src/domain/moment.ts';

const names = Object.keys(administrationPermissions) as AdministrationPermission[];
const tenants = ['a', 'b', 'c'].map((id) => TenantId.parse(id));
const tenant = fc.constantFrom(...tenants);
const permissions = fc.uniqueArray(fc.constantFrom<string>(...names, 'notes:read', 'notes:write'));
const administrator = fc.record({ tenant: tenant.map((id) => ({ id, name: id })), permissions }) as fc.Arbitrary<Administrator>;
const platformTenant = fc.option(tenant);
const needs = fc.constantFrom(...names);

describe('who may administer what', () => {
  it('is decided in the own tenant by the permission, in others only by platform held where it counts [W72] [W119]', () => {
    fc.assert(
      fc.property(administrator, fc.option(tenant), needs, platformTenant, (who, where, what, platform) => {
        const isPlatform = platform === who.tenant.id && who.permissions.includes('drawbridge:platform');
        const verdict = mayAdminister(who, where, what, { platformTenant: platform });
        if (isPlatform) return verdict === 'allowed';
        if (where !== null && where !== who.tenant.id) return verdict === 'unknown';
        return verdict === (what !== 'drawbridge:platform' && who.permissions.includes(what) ? 'allowed' : 'forbidden');
      }),
    );
  });

  it('nobody reaches beyond what they hold, except platform [W73]', () => {
    fc.assert(
      fc.property(administrator, permissions, platformTenant, (who, wanted, platform) => {
        const isPlatform = platform === who.tenant.id && who.permissions.includes('drawbridge:platform');
        return (
          isWithinReach(who, wanted, { platformTenant: platform }) ===
          (isPlatform || wanted.every((each) => who.permissions.includes(each)))
        );
      }),
    );
  });
});

it('a moment is written as everybody else writes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), (at) => isoMoment(at) === new Date(at).toISOString()),
  );
});

it('no cell of a table begins like a formula, and every one can be read back [W131]', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('=1+1', '+1', '-1', '@x', '\tx', 'a"b', 'a,b', 'a\r\nb')), { minLength: 1 }),
      (cells) => {
        const line = csvLine(cells);
        const read = [...line.slice(0, -2).matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map((match) => (match[1] ?? '').replaceAll('""', '"'));
        expect(read.some((cell) => /^[=+\-@\t\r]/.test(cell))).toBe(false);
        expect(read.map((cell, index) => (/^[=+\-@\t\r]/.test(cells[index] ?? '') ? cell.slice(1) : cell))).toEqual(cells);
      },
    ),
  );
});

it('pages of the newest are together all there is, in order, each once', () => {
  const record = fc.record({ at: fc.nat(20), chain: fc.constantFrom('a', 'b'), sequence: fc.nat(50) }) as fc.Arbitrary<AuditRecord>;
  fc.assert(
    fc.property(fc.uniqueArray(record, { selector: placeText }), fc.integer({ min: 1, max: 7 }), (all, most) => {
      const found: AuditRecord[] = [];
      for (let place = null as ReturnType<typeof readPlace>; ;) {
        const newest = keepNewest(most, place);
        for (const each of all) newest.offer(each);
        const page = newest.newestFirst();
        found.push(...page);
        const last = page.at(-1);
        if (last === undefined) break;
        place = readPlace(placeText(last));
      }
      expect(found.map(placeText).sort()).toEqual(all.map(placeText).sort());
      expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((a, b) => b - a));
    }),
  );
});
