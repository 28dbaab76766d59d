import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SigningKey } from '../../src/domain/signing-key.ts';
import { currentKey, dueKey, mayHaveSigned, publishedKeys, rotationPolicy } from '../../src/domain/signing-key.ts';

const day = 86_400_000;
const policy = { ...rotationPolicy, alg: 'ES256' };
const key = (number: number, activeFrom: number): SigningKey => ({
  id: `key-${number}`,
  number,
  alg: 'ES256',
  publicKey: {},
  sealed: '',
  activeFrom,
});
const [first, second, third] = [key(1, 0), key(2, 90 * day), key(3, 180 * day)];
const numbers = (keys: readonly SigningKey[]) => keys.map((each) => each.number);

describe('keys at a moment', () => {
  it.each<[string, number, number | null, number[]]>([
    ['before the first', -1, null, [1, 2]],
    ['the first signs from its time on, the next is published already', 0, 1, [1, 2]],
    ['until the next takes over', 90 * day - 1, 1, [1, 2]],
    ['which is at its time', 90 * day, 2, [1, 2]],
    ['the old one is published a while longer', 92 * day - 1, 2, [1, 2]],
    ['and then not any more', 92 * day, 2, [2]],
  ])('%s', (_, now, current, published) => {
    expect(currentKey([second, first], now)?.number ?? null).toBe(current);
    expect(numbers(publishedKeys([first, second], now, rotationPolicy))).toEqual(published);
  });

  it.each<[string, number, boolean]>([
    ['once it signs', 0, true],
    ['a minute before, at one whose clock is ahead', -60_000, true],
    ['earlier than that nowhere', -60_001, false],
  ])('a key may have signed %s', (_, now, may) => {
    expect(mayHaveSigned(first, now)).toBe(may);
  });

  it.each<[string, SigningKey[], number, object | null]>([
    ['an empty store needs the first, for now, also where it is a little earlier', [], 5, { number: 1, activeFrom: 5 - 60_000 }],
    ['nothing is due long before', [first], 88 * day - 1, null],
    ['the next is due ahead of its time', [first], 88 * day, { number: 2, activeFrom: 90 * day }],
    ['once made it is not due again', [first, second], 89 * day, null],
    ['after a long sleep it is still published ahead of its time', [first], 300 * day, { number: 2, activeFrom: 302 * day }],
    ['the newest counts, whatever the order', [third, first, second], 200 * day, null],
  ])('%s', (_, keys, now, due) => {
    expect(dueKey(keys, now, policy)).toEqual(due);
  });

  it('another algorithm is due at once, published ahead of signing, and then no more', () => {
    const other = { ...rotationPolicy, alg: 'RS256' };
    expect(dueKey([first], 5, other)).toEqual({ number: 2, activeFrom: 5 + 2 * day });
    expect(dueKey([first, { ...key(2, 5 + 2 * day), alg: 'RS256' }], 6, other)).toBeNull();
  });
});

describe('the law of rotation', () => {
  it('whenever it is tended there is one current key, published ahead of signing and for as long as its tokens live', () => {
    const waits = fc.array(fc.integer({ min: 1, max: 200 * day }), { maxLength: 30 });
    fc.assert(
      fc.property(waits, (gaps) => {
        const keys: SigningKey[] = [];
        const publishedSince = new Map<number, number>();
        const lastSigned = new Map<number, number>();
        let now = 0;
        for (const gap of [0, ...gaps]) {
          now += gap;
          const due = dueKey(keys, now, policy);
          if (due !== null) keys.push(key(due.number, due.activeFrom));
          for (const { number } of keys) if (!publishedSince.has(number)) publishedSince.set(number, now);
          const current = currentKey(keys, now);
          const published = publishedKeys(keys, now, rotationPolicy);
          expect(published).toContain(current);
          lastSigned.set(current?.number ?? 0, now);
          if (current?.number !== 1)
            expect((current?.activeFrom ?? 0) - (publishedSince.get(current?.number ?? 0) ?? now)).toBeGreaterThanOrEqual(
              rotationPolicy.lead,
            );
          // A token lives a day at most: whatever may still be about verifies.
          for (const [number, at] of lastSigned) if (now - at <= day) expect(numbers(published)).toContain(number);
        }
        expect(numbers(keys)).toEqual(keys.map((_, index) => index + 1));
      }),
    );
  });
});
