import { describe, expect, it } from '@jest/globals';
import { openTurns } from '../../src/flows/steps/in-turn.ts';

const pause = () => new Promise((resolve) => setImmediate(resolve));

describe('what is done in turn', () => {
  it('is done one after the other where it is about the same, in the order it came, whatever came of the one before', async () => {
    const inTurn = openTurns();
    const done: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        done.push(`${name} begins`);
        await pause();
        done.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const answers = await Promise.allSettled([inTurn('g', work('one', true)), inTurn('g', work('two')), inTurn('other', work('three'))]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(done.filter((each) => !each.startsWith('three'))).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
    expect(done.indexOf('three begins')).toBeLessThan(done.indexOf('one ends'));
    expect(await inTurn('g', work('four'))).toBe('four');
  });
});
