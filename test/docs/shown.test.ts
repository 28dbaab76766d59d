import { describe, expect, it } from '@jest/globals';
import { appears, shownIn } from './shown.ts';

describe('what is shown', () => {
  it('is found only where every line of it was printed, in that order', () => {
    const printed = ['a', 'b c d', 'e', 'f'];
    const found = [['a', 'b …'], ['a', '…', 'f'], ['b c d', 'e'], ['b (…)']].map((shown) => appears(shown, printed));
    expect(found).toEqual([true, true, true, false]);
    const missed = [['b …', 'a'], ['a', 'e'], ['b'], ['e', '…', 'a'], ['f', 'g']].map((shown) => appears(shown, printed));
    expect(missed).toEqual(missed.map(() => false));
  });
});

describe('the commands of a block', () => {
  it('stand alone in one of the shell, and above what they print in one of the console', () => {
    expect(shownIn({ language: 'sh', text: 'a\nb\n' })).toEqual([
      { command: 'a', shown: [] },
      { command: 'b', shown: [] },
    ]);
    expect(shownIn({ language: 'console', text: '$ a\n1\n2\n$ b\n' })).toEqual([
      { command: 'a', shown: ['1', '2'] },
      { command: 'b', shown: [] },
    ]);
    expect(shownIn({ language: 'yaml', text: '$ a\n' })).toEqual([]);
  });
});
