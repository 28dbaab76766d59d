import { describe, expect, it } from '@jest/globals';
import { boundedCache } from '../../src/gateway/bounded-cache.ts';

describe('a bounded cache', () => {
  it('forgets what was used longest ago once it is full', () => {
    const cache = boundedCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
  });

  it('does not wait until it is full to forget what is of no use any more, as soon as that is what was used longest ago', () => {
    let now = 0;
    const cache = boundedCache<number>(100, (until) => until <= now);
    for (let until = 1; until <= 10; until += 1) cache.set(`until ${until}`, until);
    now = 5;
    cache.get('until 2');
    cache.set('another', 20);
    const left = Array.from({ length: 10 }, (_, index) => cache.get(`until ${index + 1}`)).filter((value) => value !== undefined);
    // The second was just used, so it is met later.
    expect(left).toEqual([2, 6, 7, 8, 9, 10]);
    now = 30;
    cache.set('the last', 40);
    expect([...left, 20].map((until) => cache.get(`until ${until}`)).filter((value) => value !== undefined)).toEqual([]);
    expect(cache.get('the last')).toBe(40);
  });
});
