import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt, connectorTo, login } from './support.ts';

let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(async () => idp.close());

const assuranceOf = async (said: object, trip = attempt()) =>
  (await login(connectorTo(idp), idp, { claims: (honest) => ({ ...honest, ...said }) }, trip)).assurance;

describe('the methods in a token', () => {
  it.each<[string, unknown, string[], boolean]>([
    ['a list of words', ['pwd', 'mfa'], ['pwd', 'mfa'], true],
    ['one word', 'mfa', ['mfa'], true],
    ['several in one text', 'pwd mfa', ['pwd mfa'], false],
    ['dated ones', [{ method: 'mfa', timestamp: 1 }, { method: 'pwd' }], ['mfa', 'pwd'], true],
    ['both, with what is neither', ['pwd', 7, null, [], { method: 7 }, { name: 'mfa' }, ['mfa']], ['pwd'], false],
    ['an object', { mfa: true }, [], false],
    ['nothing', undefined, [], false],
    ['beyond the fiftieth', [...Array.from({ length: 50 }, () => 'pwd'), 'mfa'], Array.from({ length: 50 }, () => 'pwd'), false],
  ])('are read from %s [Q-MFA-06]', async (_what, amr, amrAsSaid, mfa) => {
    expect(await assuranceOf({ amr })).toMatchObject({ amrAsSaid, mfa });
  });
});

describe('a sign-in of which no time is told', () => {
  it('comes in without one where a recent sign-in was asked for; what lets nobody in is said later [Q-LIB-08]', async () => {
    const recent = attempt({ demand: { ...noDemand, maxAge: 900 } });
    expect(await assuranceOf({}, recent)).toMatchObject({ auth_time: null });
    expect(idp.requests.findLast(({ path }) => path === '/authorize')?.query.get('max_age')).toBe('900');
    const auth_time = Math.floor(Date.now() / 1000) - 60;
    expect(await assuranceOf({ auth_time }, recent)).toMatchObject({ auth_time });
  });
});
