import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { callTool, refresh } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { makeSigningKey, signToken } from '../support/hostile-idp.ts';
import type { SigningKey } from '../support/hostile-idp.ts';
import { beginConsent, finishConsent, linesOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
  system.alpha.script = { claims: (claims) => ({ ...claims, sid: sid() }) };
});
afterAll(() => system.close());

let session = 'session-0';
const sid = () => session;
const seconds = () => Math.floor(system.clock.now() / 1000);
const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };

type Who = Begun & { readonly tokens: Tokens };

/** Ana through alpha, in a session of that name. */
async function login(name: string): Promise<Who> {
  session = name;
  const begun = await beginConsent(system);
  return { ...begun, ...(await finishConsent(system, begun)) };
}

const logoutToken = (more: object = {}, header: object = {}, key: SigningKey = system.alpha.key) => {
  const claims = {
    iss: system.alpha.issuer,
    aud: system.alpha.client_id,
    iat: seconds(),
    exp: seconds() + 120,
    jti: nodeEntropy.id(),
    events: event,
  };
  return signToken({ ...claims, ...more }, { alg: key.alg, kid: system.alpha.key.kid, typ: 'logout+jwt', ...header }, key);
};

const post = (logout_token: string, connection = 'alpha') =>
  fetch(`${system.issuer}/backchannel-logout/${connection}`, { method: 'POST', body: new URLSearchParams({ logout_token }) });

const works = async ({ tokens }: Who) => (await callTool(system, tokens.access_token, 'whoami')).status;
const renews = async ({ client, tokens }: Who) => (await refresh(system, client, tokens.refresh_token)).status;

describe('back-channel logout', () => {
  it('ends what came of the session it names within a second, at the gateway and at the token endpoint [Q-ANY-25] [Q-KEYCLOAK-14]', async () => {
    const [one, two] = [await login('session-1'), await login('session-2')];
    expect([await works(one), await works(two)]).toEqual([200, 200]);
    const answer = await post(await logoutToken({ sid: 'session-1' }));
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([200, 'no-store', '']);
    const began = Date.now();
    while ((await works(one)) === 200 && Date.now() - began < 5_000);
    expect(Date.now() - began).toBeLessThan(2_000);
    expect([await works(one), await renews(one)]).toEqual([401, 400]);
    expect([await works(two), await renews(two)]).toEqual([200, 200]);
  });

  it('ends everything of the person when it names no session, and a new sign-in is not touched by its repetition [Q-ANY-27]', async () => {
    const before = await login('session-3');
    const token = await logoutToken({ sub: 'person-1' });
    expect((await post(token)).status).toBe(200);
    expect(await renews(before)).toBe(400);
    system.clock.advance(1_000);
    const after = await login('session-4');
    expect((await post(token)).status).toBe(200);
    expect([await works(after), await renews(after)]).toEqual([200, 200]);
  });

  it.each<[string, () => Promise<string>]>([
    ['nothing', async () => Promise.resolve('')],
    ['no token at all', async () => Promise.resolve('not.a.token')],
    ['another key', async () => logoutToken({ sub: 'person-1' }, {}, await makeSigningKey('ES256'))],
    ['no signature', async () => (await logoutToken({ sub: 'person-1' })).replace(/[^.]*$/, '')],
    ['alg none [Q-KEYCLOAK-15]', async () => logoutToken({ sub: 'person-1' }, { alg: 'none' })],
    ['another issuer', async () => logoutToken({ sub: 'person-1', iss: system.beta.issuer })],
    ['another client', async () => logoutToken({ sub: 'person-1', aud: 'somebody-else' })],
    ['an ID token', async () => logoutToken({ sub: 'person-1', events: undefined, nonce: 'n' })],
    ['a nonce', async () => logoutToken({ sub: 'person-1', nonce: 'n' })],
    ['another event', async () => logoutToken({ sub: 'person-1', events: { 'urn:other': {} } })],
    ['nobody', async () => logoutToken()],
    ['no jti', async () => logoutToken({ sub: 'person-1', jti: undefined })],
    ['a type of another token', async () => logoutToken({ sub: 'person-1' }, { typ: 'at+jwt' })],
    ['what is long over', async () => logoutToken({ sub: 'person-1', iat: seconds() - 600 })],
    ['what is yet to come', async () => logoutToken({ sub: 'person-1', iat: seconds() + 600 })],
  ])('is refused with %s, and nobody loses anything [Q-ANY-26]', async (_what, token) => {
    const who = await login('session-5');
    const answer = await post(await token());
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'invalid_request' });
    expect([await works(who), await renews(who)]).toEqual([200, 200]);
    expect(JSON.stringify(linesOf(system).filter((line) => line.event === 'signal.refused'))).not.toMatch(/eyJ/);
  });

  it('of one company says nothing of another’s people, whose subjects may be the same', async () => {
    const who = await login('session-6');
    expect((await post(await logoutToken({ sub: 'person-1' }), 'beta')).status).toBe(400);
    expect((await post(await logoutToken({ sub: 'person-1' }), 'nobody')).status).toBe(404);
    expect([await works(who), await renews(who)]).toEqual([200, 200]);
    const get = await fetch(`${system.issuer}/backchannel-logout/alpha`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is asked for again while its keys cannot be had', async () => {
    const who = await login('session-7');
    const stranger = await makeSigningKey('ES256', 'new-key');
    system.alpha.script = { raw: { '/jwks': (request) => void request.destroy() } };
    system.clock.advance(120_000);
    const token = await logoutToken({ sub: 'person-1' }, { kid: 'new-key' }, stranger);
    const answer = await post(token);
    system.alpha.script = {};
    // Whether it had to ask for keys depends on when it last did; it never takes the token for good.
    expect([400, 503]).toContain(answer.status);
    expect(await works(who)).toBe(200);
  });
});

describe('revocation of all of a person’s tokens, as Okta asks for it', () => {
  const address = () => `${system.issuer}/global-token-revocation/alpha`;
  const bearer = (more: object = {}, header: object = {}) => {
    const { issuer, client_id, key } = system.alpha;
    const claims = { iss: issuer, sub: client_id, aud: address(), iat: seconds(), exp: seconds() + 300 };
    return signToken({ ...claims, ...more }, { alg: key.alg, kid: key.kid, typ: 'global-token-revocation+jwt', ...header }, key);
  };
  const ask = (token: string, sub_id: object) =>
    fetch(address(), {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ sub_id }),
    });
  const person = () => ({ format: 'iss_sub', iss: system.alpha.issuer, sub: 'person-1' });

  it('ends them all [Q-OKTA-11]', async () => {
    const [one, two] = [await login('session-8'), await login('session-9')];
    expect((await ask(await bearer(), person())).status).toBe(204);
    expect([await renews(one), await renews(two)]).toEqual([400, 400]);
    expect(await works(one)).toBe(401);
  });

  it.each<[string, () => Promise<string>, () => object, number]>([
    ['no bearer', async () => Promise.resolve(''), person, 401],
    ['a logout token', async () => logoutToken({ sub: 'person-1' }), person, 401],
    ['another address', async () => bearer({ aud: `${system.issuer}/global-token-revocation/beta` }), person, 401],
    ['another client', async () => bearer({ sub: 'somebody' }), person, 401],
    ['one that never ends', async () => bearer({ exp: undefined }), person, 401],
    ['an e-mail address [Q-OKTA-12]', async () => bearer(), () => ({ format: 'email', email: 'ana@corp.example' }), 400],
    ['a person of another issuer', async () => bearer(), () => ({ ...person(), iss: system.beta.issuer }), 400],
  ])('is refused with %s, and nobody loses anything [Q-OKTA-11]', async (_what, token, sub_id, status) => {
    const who = await login('session-10');
    expect((await ask(await token(), sub_id())).status).toBe(status);
    expect([await works(who), await renews(who)]).toEqual([200, 200]);
  });
});
