import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { globMatches } from '../support/supabase/redirects.ts';
import { openSupabase, type SupabaseProject } from '../support/supabase/project.ts';
import { challengeOf, type Json } from '../support/supabase/world.ts';

let project: SupabaseProject;
beforeEach(async () => {
  project = await openSupabase({ redirectUrls: ['http://localhost:4000/callback/**'] });
});
afterEach(async () => project.close());

const verifier = 'v'.repeat(43);
const home = 'http://localhost:4000/callback/corp/state.secret';

async function gotrue(path: string, body: Json | null = null, token?: string, method = body === null ? 'GET' : 'POST') {
  const headers = { apikey: project.publishableKey, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${project.url}/auth/v1${path}`, {
    method,
    headers,
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, code: response.headers.get('x-sb-error-code'), body: (text === '' ? {} : JSON.parse(text)) as Json };
}

/** Through the social identity provider and back, as a browser would. */
async function social(more: Record<string, string> = {}, wait = 0): Promise<URL> {
  const query = {
    provider: 'google',
    redirect_to: home,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state: 'x',
    ...more,
  };
  const away = await fetch(`${project.url}/auth/v1/authorize?${new URLSearchParams(query).toString()}`, { redirect: 'manual' });
  const page = new URL(away.headers.get('location') ?? '');
  const done = new URL(`${page.pathname}/done`, page);
  done.search = new URLSearchParams({
    state: page.searchParams.get('state') ?? '',
    login: 'ana@corp.example',
    decision: 'allow',
  }).toString();
  const answered = await fetch(done, { redirect: 'manual' });
  project.advance(wait);
  return new URL((await fetch(answered.headers.get('location') ?? '', { redirect: 'manual' })).headers.get('location') ?? '');
}

const redeem = (code: string | null, code_verifier = verifier) => gotrue('/token?grant_type=pkce', { auth_code: code, code_verifier });
const signIn = async (email: string) =>
  (await gotrue('/token?grant_type=password', { email, password: 'pw' })).body as { access_token: string; refresh_token: string };

describe('the emulator: social sign-in', () => {
  it('answers in the path it was given and echoes no state; an address not allowed becomes the site, silently', async () => {
    const landed = await social();
    expect(landed.href).toMatch(/^http:\/\/localhost:4000\/callback\/corp\/state\.secret\?code=[0-9a-f-]{36}$/);
    expect((await social({ redirect_to: 'http://localhost:4000/elsewhere' })).href).toMatch(/^https:\/\/app\.example\/\?code=/);
  });

  it.each([
    ['http://a.example/**', 'http://a.example/x/y.z', true],
    ['http://a.example/*', 'http://a.example/x/y', false],
    ['http://a.example/*', 'http://a.example/x.y', false],
    ['http://a.example/*', 'http://a.example/xy', true],
    ['http://*.example/', 'http://a.b.example/', false],
  ])('%s over %s is %s [Q-SUPABASE-03]', (pattern, url, expected) => {
    expect(globMatches(pattern, url)).toBe(expected);
  });

  it('gives a code once, to the verifier it was asked for with, within 300 seconds of the start', async () => {
    const code = (await social()).searchParams.get('code');
    expect((await redeem(code, 'w'.repeat(43))).code).toBe('bad_code_verifier');
    expect((await redeem(code)).status).toBe(200);
    expect((await redeem(code)).code).toBe('flow_state_not_found');
    const late = (await social()).searchParams.get('code');
    project.advance(301_000);
    expect(await redeem(late)).toMatchObject({ status: 422, code: 'flow_state_expired' });
    expect((await social({}, 301_000)).searchParams.get('error_code')).toBe('flow_state_expired');
  });
});

describe('the emulator: sessions', () => {
  it('signs out everywhere unless told otherwise', async () => {
    project.addPerson({ email: 'ana@corp.example', password: 'pw' });
    const [first, second] = [await signIn('ana@corp.example'), await signIn('ana@corp.example')];
    expect((await gotrue('/logout?scope=local', {}, first.access_token)).status).toBe(204);
    expect(project.sessions.size).toBe(1);
    await signIn('ana@corp.example');
    await gotrue('/logout', {}, second.access_token);
    expect(project.sessions.size).toBe(0);
  });

  it('tolerates a refresh token one step back, and ends the session for an older one', async () => {
    project.addPerson({ email: 'ana@corp.example', password: 'pw' });
    const { refresh_token: first } = await signIn('ana@corp.example');
    const turn = async (refresh_token: unknown) => gotrue('/token?grant_type=refresh_token', { refresh_token });
    const { refresh_token: second } = (await turn(first)).body;
    expect((await turn(first)).status).toBe(200);
    await turn(second);
    expect((await turn(first)).code).toBe('refresh_token_already_used');
    expect((await turn(second)).code).toBe('refresh_token_not_found');
  });

  it('refuses the banned at sign-in, refresh and use', async () => {
    const person = project.addPerson({ email: 'ana@corp.example', password: 'pw' });
    const { access_token, refresh_token } = await signIn('ana@corp.example');
    person.banned = true;
    const codes = await Promise.all([
      gotrue('/token?grant_type=password', { email: 'ana@corp.example', password: 'pw' }),
      gotrue('/token?grant_type=refresh_token', { refresh_token }),
      gotrue('/user', null, access_token),
    ]);
    expect(codes.map(({ status, code }) => [status, code])).toEqual([
      [400, 'user_banned'],
      [400, 'user_banned'],
      [403, 'user_banned'],
    ]);
    expect((await social()).searchParams.get('error_code')).toBe('user_banned');
  });

  it('lets people write user_metadata and nothing else', async () => {
    const person = project.addPerson({ email: 'ana@corp.example', password: 'pw', app_metadata: { roles: ['staff'] } });
    const { access_token } = await signIn('ana@corp.example');
    await gotrue('/user', { data: { roles: ['admin'] }, app_metadata: { roles: ['admin'] } }, access_token, 'PUT');
    expect([person.user_metadata, person.app_metadata]).toEqual([{ roles: ['admin'] }, { roles: ['staff'] }]);
  });

  it('throttles one address and not another, and a signs-by-secret project publishes no key', async () => {
    const tries = Array.from({ length: 40 }, () => gotrue('/verify', { type: 'email', email: 'a@b.example', token: '0' }));
    expect(new Set((await Promise.all(tries)).map(({ code }) => code))).toEqual(new Set(['otp_expired', 'over_request_rate_limit']));
    project.seenAs = '192.0.2.7';
    expect((await gotrue('/verify', { type: 'email', email: 'a@b.example', token: '0' })).code).toBe('otp_expired');
    project.settings.sharedSecret = true;
    expect((await gotrue('/.well-known/jwks.json')).body).toEqual({ keys: [] });
  });
});

describe('the emulator: second factors', () => {
  it('raise the session, end the lower ones and the refresh tokens of before, and list the newest method first', async () => {
    const person = project.addPerson({ email: 'ana@corp.example', password: 'pw' });
    const other = await signIn('ana@corp.example');
    const { access_token, refresh_token } = await signIn('ana@corp.example');
    const enrolled = (await gotrue('/factors', { factor_type: 'totp', friendly_name: 'phone' }, access_token)).body as { id: string };
    const [factor] = person.factors;
    if (factor === undefined) throw new Error('no factor');
    expect(factor).toMatchObject({ id: enrolled.id, status: 'unverified' });
    const challenge = async () => (await gotrue(`/factors/${factor.id}/challenge`, {}, access_token)).body['id'];
    const verify = async (challenge_id: unknown, code: string) =>
      gotrue(`/factors/${factor.id}/verify`, { challenge_id, code }, access_token);
    expect((await verify(await challenge(), '000000')).code).toBe('mfa_verification_failed');
    const old = await challenge();
    project.advance(301_000);
    expect((await verify(old, project.codeOf(factor))).code).toBe('mfa_challenge_expired');
    const foreign = await challenge();
    project.seenAs = '192.0.2.7';
    expect((await verify(foreign, project.codeOf(factor))).code).toBe('mfa_ip_address_mismatch');
    const raised = (await verify(await challenge(), project.codeOf(factor))).body;
    const { aal, amr } = decodeJwt(String(raised['access_token']));
    expect([aal, (amr as unknown as { method: string }[]).map(({ method }) => method)]).toEqual(['aal2', ['totp', 'password']]);
    expect((await gotrue('/user', null, other.access_token)).code).toBe('session_not_found');
    expect((await gotrue('/token?grant_type=refresh_token', { refresh_token })).code).toBe('refresh_token_already_used');
  });

  it('are added and removed only by whoever has shown one', async () => {
    const person = project.addPerson({ email: 'ana@corp.example', password: 'pw' });
    const factor = project.addFactor(person);
    const { access_token } = await signIn('ana@corp.example');
    expect((await gotrue('/factors', { factor_type: 'totp', friendly_name: 'b' }, access_token)).code).toBe('insufficient_aal');
    expect((await gotrue(`/factors/${factor.id}`, null, access_token, 'DELETE')).code).toBe('insufficient_aal');
  });
});
