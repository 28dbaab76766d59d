import { describe, expect, it } from '@jest/globals';
import type { Tally } from '../../src/domain/rate-window.ts';
import { countsIn, endOfWindow, fieldOf, hottest, windowAt } from '../../src/domain/rate-window.ts';

const noon = Date.UTC(2026, 0, 1, 12);

describe('a window', () => {
  it('is a minute of the clock, whoever asks, and ends where the next begins', () => {
    expect(windowAt(noon)).toBe(windowAt(noon + 59_999));
    expect(windowAt(noon + 60_000)).toBe(windowAt(noon) + 1);
    expect(endOfWindow(windowAt(noon + 30_000))).toBe(noon + 60_000);
    expect(windowAt(endOfWindow(windowAt(noon)))).toBe(windowAt(noon) + 1);
  });
});

describe('the hottest', () => {
  const tally = (own: number, shared = 0): Tally => ({ own, shared, others: 1_000 });
  const told = (tallies: Tally[], most: number) => hottest(tallies, most).map(({ own, shared }) => own - shared);

  it('are those with the most to tell, most first, whatever is known of others and in whatever order they come', () => {
    expect(told([tally(1), tally(9, 8), tally(5), tally(7, 1), tally(3)], 3)).toEqual([6, 5, 3]);
    const rising = Array.from({ length: 500 }, (_, own) => tally(own));
    expect(told(rising, 4)).toEqual([499, 498, 497, 496]);
    expect(told(rising.toReversed(), 4)).toEqual([499, 498, 497, 496]);
  });

  it('are all when there are few, and none of none', () => {
    expect(told([tally(1), tally(2)], 9)).toEqual([2, 1]);
    expect(hottest([], 9)).toEqual([]);
  });
});

describe('the counts in a row', () => {
  it('are ours and those of all others, and nothing that is no count', () => {
    const row = { id: 'x', expiresAt: 99, [fieldOf('a')]: 4, [fieldOf('b')]: 5, [fieldOf('c')]: 6 };
    expect(countsIn(row, 'b')).toEqual({ own: 5, others: 10 });
    expect(countsIn(row, 'd')).toEqual({ own: 0, others: 15 });
    const strange = { [fieldOf('a')]: -4, [fieldOf('c')]: '7', [fieldOf('e')]: Number.NaN, [fieldOf('f')]: null };
    expect(countsIn({ ...row, ...strange }, 'b')).toEqual({ own: 5, others: 0 });
  });
});
