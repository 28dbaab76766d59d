/** What an identity provider says of itself and of the time. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { identities } from '../../src/stores/collections.ts';
import { claimsOf } from '../support/client.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { begin, beginConsent, expectStopped, finishConsent, goesOn, linesOf, pressDoor, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
  system.beta.script = {};
});

describe('a document that says it is another’s', () => {
  it('from the start: nobody is sent anywhere, the log says why, the other doors are open [F18]', async () => {
    const cold = await startWithTwoIdps();
    try {
      cold.alpha.script = { discovery: (document) => ({ ...document, issuer: `${cold.alpha.issuer}/other` }) };
      const begun = await begin(cold);
      await pressDoor(begun);
      expect([cold.alpha.count('/authorize'), cold.alpha.count('/token')]).toEqual([0, 0]);
      expect(linesOf(cold).some(({ reason }) => /^(sign-in-untrustworthy: )?discovery: /.test(String(reason)))).toBe(true);
      await beginConsent(cold, { door: 'beta' });
    } finally {
      await cold.close();
    }
  });
});

describe('clocks that differ', () => {
  const seconds = () => Math.floor(system.clock.now() / 1000);
  const offBy = (skew: number): HostileIdp['script'] => ({
    claims: (claims) => ({ ...claims, iat: seconds() + skew, nbf: seconds() + skew, exp: seconds() + skew + 300 }),
  });

  it.each([
    [-365, false],
    [-355, true],
    [-300, true],
    [55, true],
    [65, false],
  ])('by %i seconds: a token is taken within a minute of its life and not beyond (%s) [F19] [Q-ANY-16]', async (skew, taken) => {
    system.alpha.script = offBy(skew);
    const page = await pressDoor(await begin(system));
    expect(page.body.includes('Ana Anders')).toBe(taken);
  });

  it.each([
    ['ahead', 300],
    ['behind', -600],
  ])('by five minutes %s: the sign-in stops with the reason for the log alone, and another door is open [F19]', async (_, skew) => {
    system.alpha.script = offBy(skew);
    const before = await countOf(system, identities);
    expectStopped(system, await pressDoor(await begin(system)), 'sign-in-untrustworthy', /login: |ID token: /);
    expect(await countOf(system, identities)).toBe(before);
    await beginConsent(system, { door: 'beta' });
    await goesOn(system, await begin(system));
  });

  it('never lengthen a token of ours: its life is counted from our own clock [F19]', async () => {
    system.beta.script = offBy(50);
    const { tokens } = await finishConsent(system, await beginConsent(system, { door: 'beta' }));
    const { iat, exp } = claimsOf(tokens.access_token) as { iat: number; exp: number };
    expect(Math.abs(iat - seconds())).toBeLessThanOrEqual(2);
    expect([exp - iat, tokens.expires_in]).toEqual([3600, 3600]);
  });
});
