import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Grant } from '../../src/domain/grant.ts';
import { idleFrom, isFreshCode, isLive, isReplay, judgeRefresh } from '../../src/domain/grant.ts';
import { makeGrant } from '../support/grant.ts';

const grace = 120_000;

describe('a live grant', () => {
  it.each<[string, Partial<Grant>, number, boolean]>([
    ['a moment before its end', {}, 3_599_999, true],
    ['at its end', {}, 3_600_000, false],
    ['after its end', {}, 3_600_001, false],
    ['before the end of its idle time', { idleEndsAt: 1000 }, 999, true],
    ['at the end of its idle time, though its row may stay', { idleEndsAt: 1000 }, 1000, false],
    ['before the absolute end', { absoluteExpiresAt: 1000 }, 999, true],
    ['at the absolute end, however fresh it is', { absoluteExpiresAt: 1000 }, 1000, false],
    ['whose code was not redeemed', { stage: 'coded' }, 0, false],
    ['that was ended', { stage: 'ended' }, 0, false],
  ])('%s', (_, changed, now, live) => {
    expect(isLive(makeGrant(changed), now)).toBe(live);
  });
});

describe('the idle time', () => {
  it('ends exactly, and the row may stay up to a hundredth longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e13 }), fc.integer({ min: 1, max: 1e10 }), (now, idle) => {
        const { idleEndsAt, expiresAt } = idleFrom(now, idle);
        expect(idleEndsAt).toBe(now + idle);
        expect(expiresAt).toBeGreaterThanOrEqual(idleEndsAt);
        expect(expiresAt - idleEndsAt).toBeLessThan(Math.max(1, idle / 100));
      }),
    );
  });

  it('of uses close together means the same end of the row', () => {
    const ends = [1, 2, 500, 999].map((at) => idleFrom(10_000_000 + at, 100_000).expiresAt);
    expect(new Set(ends)).toEqual(new Set([10_101_000]));
  });
});

describe('a code', () => {
  it.each<[string, number, boolean]>([
    ['when it is made', 1_000_000, true],
    ['a moment before its end', 1_299_999, true],
    ['at its end', 1_300_000, false],
    ['on an instance whose clock is a minute behind', 940_000, true],
    ['after the clock stepped back further', 939_999, false],
  ])('%s', (_, now, fresh) => {
    expect(isFreshCode(makeGrant({ stage: 'coded', createdAt: 1_000_000, expiresAt: 1_300_000 }), now)).toBe(fresh);
  });
});

describe('a redeemed code that is shown again', () => {
  it.each<[string, Partial<Grant>, boolean]>([
    ['after its tokens were handed out', { answeredAt: 999 }, true],
    ['at that very moment', { answeredAt: 1000 }, false],
    ['on its way before', { answeredAt: 1001 }, false],
    ['while the first answer is not out', {}, false],
    ['of a grant that was ended', { stage: 'ended', answeredAt: 999 }, false],
  ])('%s', (_, changed, replay) => {
    expect(isReplay(makeGrant(changed), 1000)).toBe(replay);
  });
});

describe('a refresh token by its generation', () => {
  const later = makeGrant({ generation: 4, rotations: [3000, 2000, 1000] });

  it.each<[string, number, number, object]>([
    ['the current one rotates', 4, 3500, { verdict: 'rotate', generation: 5, rotations: [3500, 3000, 2000, 1000] }],
    ['the last one gets the current one', 3, 3500, { verdict: 'repeat', generation: 4 }],
    ['an older one inside its grace gets its own successor, not the newest', 1, 3500, { verdict: 'repeat', generation: 2 }],
    ['at the end of its grace it still does', 1, 1000 + grace, { verdict: 'repeat', generation: 2 }],
    ['a moment after, it is theft', 1, 1001 + grace, { verdict: 'stolen' }],
    ['the grace of each is counted from its own replacement', 2, 1001 + grace, { verdict: 'repeat', generation: 3 }],
    ['one that was never handed out', 5, 3500, { verdict: 'unknown' }],
    ['generation 0', 0, 3500, { verdict: 'unknown' }],
    ['rotations beyond the grace are forgotten', 4, 2001 + grace, { verdict: 'rotate', generation: 5, rotations: [2001 + grace, 3000] }],
  ])('%s', (_, generation, now, verdict) => {
    expect(judgeRefresh(later, generation, now, grace)).toEqual(verdict);
  });

  it('when the clock has stepped back, nothing behind a forgotten rotation takes its place', () => {
    const stepped = makeGrant({ generation: 3, rotations: [-1, 0] });
    expect(judgeRefresh(stepped, 3, grace, grace)).toEqual({ verdict: 'rotate', generation: 4, rotations: [grace] });
  });

  it('without a grace only the same moment repeats', () => {
    expect(judgeRefresh(later, 3, 3000, 0)).toEqual({ verdict: 'repeat', generation: 4 });
    expect(judgeRefresh(later, 3, 3001, 0)).toEqual({ verdict: 'stolen' });
  });

  it('is handed out again instead of rotated when one window has seen too many rotations', () => {
    const busy = makeGrant({ generation: 65, rotations: Array.from({ length: 64 }, () => 1000) });
    expect(judgeRefresh(busy, 65, 1000, grace)).toEqual({ verdict: 'repeat', generation: 65 });
    expect(judgeRefresh(busy, 65, 1001 + grace, grace)).toMatchObject({ verdict: 'rotate', generation: 66 });
  });
});

/** One client process doing something at one time: how much later, and how far behind the newest token it is. */
const step = fc.record({ wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * grace })), behind: fc.nat({ max: 5 }) });

interface World {
  grant: Grant;
  now: number;
  /** When each generation was replaced, as an observer with an endless memory saw it. */
  readonly replacedAt: Map<number, number>;
}

/** Presents a generation and checks the law; the state afterwards is the world's. */
function present(world: World, generation: number): void {
  const { grant, now, replacedAt } = world;
  const verdict = judgeRefresh(grant, generation, now, grace);
  const replaced = replacedAt.get(generation);
  if (generation < 1) expect(verdict).toEqual({ verdict: 'unknown' });
  else if (replaced !== undefined && now - replaced > grace) expect(verdict).toEqual({ verdict: 'stolen' });
  else if (replaced !== undefined) expect(verdict).toEqual({ verdict: 'repeat', generation: generation + 1 });
  else if (verdict.verdict === 'rotate') {
    expect(verdict.generation).toBe(generation + 1);
    replacedAt.set(generation, now);
    world.grant = { ...grant, generation: verdict.generation, rotations: verdict.rotations };
  } else {
    expect(verdict).toEqual({ verdict: 'repeat', generation });
    expect(grant.rotations.filter((at) => now - at <= grace).length).toBeGreaterThanOrEqual(64);
  }
}

describe('the law of refreshing', () => {
  it('everyone presenting generation g inside its grace gets g + 1, through any chain; after it, it is theft [A11.05]', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const world: World = { grant: makeGrant(), now: 0, replacedAt: new Map() };
        for (const { wait, behind } of steps) {
          world.now += wait;
          present(world, world.grant.generation - behind);
          expect(world.grant.rotations.length).toBeLessThanOrEqual(64);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds when the clock steps back: no generation is taken for a neighbour of its', () => {
    const jump = fc.record({ wait: fc.integer({ min: -4 * grace, max: 4 * grace }), behind: fc.nat({ max: 4 }) });
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 40 }), (steps) => {
        const world: World = { grant: makeGrant(), now: 0, replacedAt: new Map() };
        for (const { wait, behind } of steps) {
          world.now += wait;
          const generation = world.grant.generation - behind;
          const replaced = world.replacedAt.get(generation);
          const verdict = judgeRefresh(world.grant, generation, world.now, grace);
          if (verdict.verdict === 'rotate') present(world, generation);
          // What is forgotten early is refused; what was replaced long ago never comes back.
          else if (replaced !== undefined && world.now - replaced > grace) expect(verdict.verdict).toBe('stolen');
        }
      }),
      { numRuns: 300 },
    );
  });
});
