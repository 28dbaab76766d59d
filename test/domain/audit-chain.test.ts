import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chainStart, firstBroken, linkRecord } from '../../src/domain/audit-chain.ts';
import type { AuditEvent, AuditRecord } from '../../src/domain/audit-event.ts';

const event = (n: number): AuditEvent => ({ event: 'grant.ended', rule: `reason ${n}`, userId: `u_${n}`, tenantId: 'acme' });

function chainOf(length: number): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let n = 1; n <= length; n += 1) records.push(linkRecord('c', n, n * 1000, event(n), records.at(-1)?.hash ?? chainStart));
  return records;
}

/** As a store gives a record back: the same facts, the members in any order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reordered(member)]),
  );
}

describe('the audit chain', () => {
  it('is whole as written, however its members are ordered when read back', () => {
    expect(firstBroken([])).toBeNull();
    expect(firstBroken(chainOf(5))).toBeNull();
    expect(firstBroken(chainOf(5).map((record) => reordered(record) as AuditRecord))).toBeNull();
  });

  it('an absent member and one that is undefined are the same', () => {
    const with_ = linkRecord('c', 1, 1, { ...event(1), reference: undefined } as unknown as AuditEvent, chainStart);
    expect(with_.hash).toBe(linkRecord('c', 1, 1, event(1), chainStart).hash);
  });

  it.each<[string, (records: AuditRecord[]) => AuditRecord[], number]>([
    [
      'a word in an event',
      (all) =>
        all.map((record) => (record.sequence === 3 ? { ...record, event: { ...record.event, rule: 'other' } as AuditEvent } : record)),
      3,
    ],
    ['a time', (all) => all.map((record) => (record.sequence === 3 ? { ...record, at: 1 } : record)), 3],
    [
      'another member',
      (all) => all.map((record) => (record.sequence === 3 ? { ...record, event: { ...record.event, grantId: 'g' } } : record)),
      3,
    ],
    ['one taken out', (all) => all.filter((record) => record.sequence !== 3), 4],
    ['the first taken out', (all) => all.slice(1), 2],
    ['two in each other’s place', ([a, b, ...rest]) => [b, a, ...rest] as AuditRecord[], 2],
    ['one twice', ([a, ...rest]) => [a, a, ...rest] as AuditRecord[], 1],
    ['one of another chain', (all) => all.map((record) => (record.sequence === 3 ? { ...record, chain: 'd' } : record)), 3],
    ['a hash', (all) => all.map((record) => (record.sequence === 3 ? { ...record, hash: chainStart } : record)), 3],
  ])('shows where it was changed: %s', (_, change, sequence) => {
    expect(firstBroken(change(chainOf(5)))?.sequence).toBe(sequence);
  });

  it('a record written anew, with a hash that fits, is given away by the one after it', () => {
    const records = chainOf(5);
    const forged = linkRecord('c', 3, 3000, event(99), records[1]?.hash ?? '');
    expect(firstBroken(records.map((record) => (record.sequence === 3 ? forged : record)))?.sequence).toBe(4);
  });

  it('no two different events have the same hash', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '"', ',', ':', '{', '}', '\\'), maxLength: 6 });
    fc.assert(
      fc.property(texts, texts, texts, texts, (a, b, c, d) => {
        const hash = (rule: string, userId: string) => linkRecord('c', 1, 1, { event: 'grant.ended', rule, userId }, chainStart).hash;
        expect(hash(a, b) === hash(c, d)).toBe(a === c && b === d);
      }),
    );
  });
});
