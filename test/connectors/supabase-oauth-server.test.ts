/** The OAuth server of a Supabase project, which is spoken to as to any OpenID provider and is in some ways like no other. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign } from 'jose';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { secondFactor } from '../support/assurance.ts';
import { attempt, refusalOf } from './support.ts';
import { openVendor } from './vendors.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(async () => idp.close());

const issuer = 'https://projectref.supabase.co/auth/v1';
const seconds = () => Math.floor(Date.now() / 1000);
const mfa = { acr: ['aal2'], amr: ['mfa', 'otp'] };
const projectAt = (more: Json = {}) => openVendor('oidc', idp, { issuer, mfa, ...more });
const advertised = {
  discovery: (document: Json) => ({ ...document, id_token_signing_alg_values_supported: ['RS256', 'HS256', 'ES256'] }),
};
/** What its ID tokens say: a session is opened for each exchange, and dated with it. */
const said = (more: Json = {}): Json => ({
  sub: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f11',
  client_id: 'drawbridge',
  email: 'ana@corp.example',
  email_verified: true,
  auth_time: seconds(),
  ...more,
});

describe('the OAuth server of a Supabase project', () => {
  it('[Q-SBOAUTH-01] proves no second factor, although the person may have shown one', async () => {
    const identity = await projectAt().login(said(), advertised, attempt({ demand: secondFactor.demand }));
    expect(identity).toMatchObject({ subject: said()['sub'], email: 'ana@corp.example', assurance: { mfa: false, evidence: [] } });
    expect((await projectAt().login(said({ amr: ['otp'] }), advertised)).assurance.mfa).toBe(true);
  });

  it('[Q-SBOAUTH-02] dates each sign-in with the exchange, which is taken for no time at all', async () => {
    expect((await projectAt().login(said(), advertised)).assurance).toMatchObject({ auth_time: null, authTimeSource: null });
    const elsewhere = openVendor('oidc', idp, { issuer: 'https://projectref.supabase.co.example/auth/v1' });
    expect((await elsewhere.login(said(), advertised)).assurance).toMatchObject({ authTimeSource: 'id_token' });
  });

  it.each<[string, Json]>([
    ['known by its address', {}],
    ['under a domain of its own, where an administrator says so', { issuer: 'https://auth.corp.example/auth/v1', authTime: false }],
  ])('[Q-SBOAUTH-02] %s, is not begun with where a fresh sign-in is wanted', async (_what, settings) => {
    const before = idp.count('/authorize');
    for (const fresh of [{ prompt: 'login' as const }, { afresh: true }])
      expect(await refusalOf(projectAt(settings).login(said(), advertised, attempt(fresh)))).toEqual({
        refusal: 'misconfigured',
        reason: 'begin: nothing it says proves that somebody signed in just now',
      });
    expect(idp.count('/authorize')).toBe(before);
    expect((await projectAt({ ...settings, authTime: true }).login(said(), advertised, attempt({ prompt: 'login' }))).subject).toBe(
      said()['sub'],
    );
  });

  it('[Q-SBOAUTH-03] says that it signs with a shared secret too, and is not believed when it does', async () => {
    const bySecret = (_token: string, claims: Json) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from(idp.client_secret ?? ''));
    expect((await refusalOf(projectAt().login(said(), { ...advertised, idToken: bySecret }))).refusal).toBe('untrustworthy');
    expect((await projectAt().login(said(), advertised)).issuer).toBe(issuer);
  });

  it('[Q-SBOAUTH-04] [Q-SBOAUTH-05] is shown our secret as it was registered, and names itself in no answer', async () => {
    await projectAt().login(said(), { ...advertised, answer: (answer) => expect(answer.has('iss')).toBe(false) });
    const exchange = () => idp.requests.findLast(({ path }) => path === '/token');
    expect(exchange()?.headers.authorization).toMatch(/^Basic /);
    await openVendor('oidc', idp, { issuer }, { tokenEndpointAuthMethod: 'client_secret_post' }).login(said(), advertised);
    expect(exchange()?.headers.authorization).toBeUndefined();
  });

  const known = { subject: String(said()['sub']) };
  it('[Q-SBOAUTH-06] gives no ID token with a refresh: the session stands, and nothing is known of groups', async () => {
    const tokens = { access_token: 'CNRYaccess', token_type: 'bearer', expires_in: 3600, refresh_token: 'next' };
    const answer = await openVendor('oidc', idp, { issuer, claims: { groups: '/groups' } }).renewed(known, 200, tokens);
    expect(answer).toMatchObject({ answer: 'stands', groups: null, said: [], leavesOut: 'any' });
    expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('next');
  });

  it.each<[string, number, string, string]>([
    ['a session that a second step elsewhere has ended', 400, 'refresh_token_not_found', 'unexplained'],
    ['a token that was followed by another', 400, 'refresh_token_already_used', 'unexplained'],
    ['somebody who was banned', 400, 'user_banned', 'unexplained'],
    ['too many requests', 429, 'over_request_rate_limit', 'unanswered'],
    ['two requests at a time', 409, 'conflict', 'unanswered'],
    ['a failure of its own', 500, 'unexpected_failure', 'unanswered'],
  ])('[Q-SBOAUTH-07] tells %s in words of its own', async (_what, status, error_code, answer) => {
    expect(await projectAt().renewed(known, status, { code: status, error_code, msg: 'CNRY' })).toMatchObject({ answer });
  });

  it('[Q-SBOAUTH-08] fails the exchange where the project has no key pair, which is nobody’s fault', async () => {
    const raw = {
      '/token': (_q: unknown, response: import('node:http').ServerResponse) => void response.writeHead(500).end('{"code":500}'),
    };
    expect((await refusalOf(projectAt().login(said(), { ...advertised, raw }))).refusal).toBe('unreachable');
  });
});
