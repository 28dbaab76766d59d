/** What an identity provider says when it is asked again after the sign-in, over the whole broker. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { claimsOf, refresh } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { signToken } from '../support/hostile-idp.ts';
import { alphaMfa, beginConsent, finishConsent, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';

const minute = 60_000;
let system: TwoIdps;

const askedEvery = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((each) =>
    each.id === 'alpha' ? { ...each, recheck: { afterSeconds: 900, graceSeconds: 0 } } : each,
  ),
});
beforeAll(async () => {
  system = await startWithTwoIdps({ configure: askedEvery });
});
afterEach(() => {
  system.alpha.script = {};
});
afterAll(() => system.close());

const seconds = () => Math.floor(system.clock.now() / 1000);
const given = (more: object) => ({ access_token: 'CNRYa', token_type: 'Bearer', expires_in: 300, ...more });

/** Ana, whose sign-in says this. */
async function signedIn(said: object): Promise<SignedIn> {
  system.alpha.script = {
    claims: (claims) => ({ ...claims, ...said }),
    tokenResponse: (body) => ({ ...body, refresh_token: 'CNRYupstream' }),
  };
  return finishConsent(system, await beginConsent(system));
}

/** Alpha answers a refresh with an ID token that says this; gives the claims of the token it led to. */
async function renewed({ client, tokens }: SignedIn, said: object) {
  const { issuer, client_id, key } = system.alpha;
  const honest = { iss: issuer, aud: client_id, sub: 'person-1', iat: seconds(), exp: seconds() + 300, groups: ['eng'] };
  const id_token = await signToken({ ...honest, ...said }, { alg: key.alg, kid: key.kid }, key);
  const answer = JSON.stringify(given({ id_token }));
  const asked = system.alpha.count('/token');
  const headers = { 'content-type': 'application/json' };
  system.alpha.script = { raw: { '/token': (_request, response) => void response.writeHead(200, headers).end(answer) } };
  const response = await refresh(system, client, tokens.refresh_token);
  expect([response.status, system.alpha.count('/token')]).toEqual([200, asked + 1]);
  return claimsOf(((await response.json()) as Tokens).access_token);
}

describe('an identity provider that is asked again', () => {
  it('proves by its answer nothing that the sign-in did not prove [Q-ANY-10] [Q-OKTA-15]', async () => {
    const who = await signedIn({ amr: ['pwd'] });
    system.clock.advance(16 * minute);
    const after = await renewed(who, { acr: alphaMfa, amr: ['mfa'], auth_time: seconds() });
    expect([after['acr'], after['amr'], after['auth_time']]).toEqual([undefined, ['pwd'], undefined]);
  });

  it('takes by its silence nothing away that the sign-in proved [Q-ANY-10] [Q-AUTH0-07]', async () => {
    const auth_time = seconds() - 30;
    const who = await signedIn({ acr: alphaMfa, amr: ['pwd', 'mfa'], auth_time });
    const before = claimsOf(who.tokens.access_token);
    expect(before).toMatchObject({ acr: 'urn:drawbridge:acr:mfa', amr: ['mfa', 'pwd'], auth_time });
    system.clock.advance(16 * minute);
    const after = await renewed(who, {});
    expect([after['acr'], after['amr'], after['auth_time']]).toEqual([before['acr'], before['amr'], auth_time]);
  });

  it('gets no time at all where no grace is given, and is believed as soon as it answers [Q-LEAVE-09]', async () => {
    const who = await signedIn({});
    system.alpha.script = { raw: { '/token': (request) => void request.destroy() } };
    const { client, tokens } = who;
    const fresh = await refresh(system, client, tokens.refresh_token);
    expect(fresh.status).toBe(200);
    const next = { ...who, tokens: (await fresh.json()) as Tokens };
    system.clock.advance(15 * minute);
    const late = await refresh(system, client, next.tokens.refresh_token);
    expect([late.status, ((await late.json()) as { error: string }).error]).toEqual([503, 'temporarily_unavailable']);
    system.clock.advance(minute);
    expect((await renewed(next, {}))['tenant']).toBe('acme');
  });
});
