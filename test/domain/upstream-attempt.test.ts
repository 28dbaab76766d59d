import { describe, expect, it } from '@jest/globals';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { isSameTrip, UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';

const begun = UpstreamAttempt.parse({
  state: 's',
  nonce: 'n',
  code_verifier: 'v',
  demand: { mfa: true, maxAge: 600 },
  prompt: null,
  login_hint: null,
  begunAt: 10_000,
});

describe('a trip to the upstream', () => {
  it.each<[string, Partial<UpstreamAttempt>, number, boolean]>([
    ['the same, at once', {}, 10_000, true],
    ['the same, pressed again', {}, 11_999, true],
    ['the same, later', {}, 12_000, false],
    ['the same, by a clock that stepped back', {}, 9_999, false],
    ['one that wants more', { demand: { ...begun.demand, phishingResistant: true } }, 10_000, false],
    ['one that wants less', { demand: noDemand }, 10_000, false],
    ['one that takes an older sign-in', { demand: { ...begun.demand, maxAge: 601 } }, 10_000, false],
    ['one that wants a younger one', { demand: { ...begun.demand, maxAge: 599 } }, 10_000, false],
    ['one that asks as for a fresh login', { afresh: true }, 10_000, false],
    ['one that takes nothing but a fresh login', { prompt: 'login' }, 10_000, false],
  ])('%s', (_, changed, now, same) => {
    expect(isSameTrip(begun, { ...begun, ...changed }, now)).toBe(same);
  });

  it('sealed before there was more to ask for is read as what it asked', () => {
    const { afresh: _afresh, optional: _optional, ...known } = begun;
    const sealed = UpstreamAttempt.parse({ ...known, demand: { mfa: true } });
    expect(sealed).toEqual({ ...begun, demand: { ...noDemand, mfa: true }, afresh: false, optional: false });
  });
});
