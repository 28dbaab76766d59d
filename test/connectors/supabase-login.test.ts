import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SupabaseProject } from '../support/supabase/project.ts';
import type { Json } from '../support/supabase/world.ts';
import { attempt, refusalOf } from './support.ts';
import { answerAt, callback, connectTo, identityOf, landing, openProject, socialLogin, urlOf } from './supabase-support.ts';
import { nothingProven } from '../support/assurance.ts';

let project: SupabaseProject;
beforeEach(async () => {
  project = await openProject();
});
afterEach(async () => project.close());

const person = () =>
  project.addPerson({ email: 'ana@corp.example', app_metadata: { roles: ['eng'] }, user_metadata: { roles: ['admin'], name: 'Eve' } });
const tokenCalls = () => project.count('/token');

describe('a social sign-in through GoTrue', () => {
  it('yields the verified identity, and leaves no session behind [Q-SUPABASE-21] [Q-SUPABASE-40]', async () => {
    const { id } = person();
    const elsewhere = project.sessions.size;
    expect(identityOf(await socialLogin(project, connectTo(project)))).toEqual({
      connectionId: 'corp',
      issuer: `${project.url}/auth/v1`,
      subject: id,
      email: 'ana@corp.example',
      name: null,
      groups: ['eng'],
      assurance: { ...nothingProven, acr: 'aal1', amrAsSaid: ['oauth'] },
      said: [{ from: 'access token', claims: expect.objectContaining({ sub: id, aal: 'aal1' }) }],
    });
    expect(project.sessions.size).toBe(elsewhere);
    const logout = project.requests.findLast(({ path }) => path === '/auth/v1/logout');
    expect(logout?.query.get('scope')).toBe('local');
  });

  it('leaves the sessions alone that the person has elsewhere [Q-SUPABASE-21]', async () => {
    project.addPerson({ email: 'ana@corp.example', password: 'pw', app_metadata: { roles: ['eng'] } });
    const init = {
      method: 'POST',
      headers: { apikey: project.publishableKey },
      body: JSON.stringify({ email: 'ana@corp.example', password: 'pw' }),
    };
    await fetch(`${project.url}/auth/v1/token?grant_type=password`, init);
    await socialLogin(project, connectTo(project));
    expect(project.sessions.size).toBe(1);
  });

  it('sends our state in the path, a challenge, and what the site may be told [Q-SUPABASE-01] [Q-SUPABASE-04]', async () => {
    person();
    const trip = attempt({ prompt: 'select_account', login_hint: 'ana@corp.example' });
    const url = urlOf(await connectTo(project, { methods: ['azure'] }).begin(trip));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      provider: 'azure',
      redirect_to: `${callback}/${trip.state}`,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 's256',
      scopes: 'email',
      prompt: 'select_account',
      login_hint: 'ana@corp.example',
    });
    const landed = await landing(project, url);
    expect(landed.searchParams.has('state')).toBe(false);
    expect(landed.href.startsWith(`${callback}/${trip.state}?code=`)).toBe(true);
  });

  it('lands elsewhere where the project does not know our address, and then nobody is signed in [Q-SUPABASE-02]', async () => {
    project.settings.redirectUrls = [];
    const connector = connectTo(project);
    const trip = attempt();
    const landed = await landing(project, urlOf(await connector.begin(trip)));
    expect(landed.origin).toBe('https://app.example');
    expect((await refusalOf(connector.complete(answerAt(landed), trip))).refusal).toBe('untrustworthy');
    expect(tokenCalls()).toBe(0);
  });

  it.each<[string, (answer: URLSearchParams) => void, string, string]>([
    ['the state is another', (p) => p.set('state', 'x'), 'untrustworthy', 'answer: not of this trip'],
    ['the state comes twice', (p) => p.append('state', 'x'), 'untrustworthy', 'answer: state is repeated'],
    ['the code comes twice', (p) => p.append('code', 'x'), 'untrustworthy', 'answer: code is repeated'],
    ['the code is none', (p) => p.set('code', '<script>'), 'untrustworthy', 'answer: no code'],
    ['it is enormous', (p) => p.set('pad', 'x'.repeat(5000)), 'untrustworthy', 'answer: too long'],
  ])('is refused when %s, before any code is sent [W47]', async (_what, mutate, refusal, reason) => {
    person();
    const connector = connectTo(project);
    const trip = attempt();
    const answer = answerAt(await landing(project, urlOf(await connector.begin(trip))));
    const mutated = new URLSearchParams(answer);
    mutate(mutated);
    expect(await refusalOf(connector.complete(mutated, trip))).toEqual({ refusal, reason });
    expect(tokenCalls()).toBe(0);
    expect(identityOf(await connector.complete(answer, trip)).email).toBe('ana@corp.example');
  });

  it('cannot be given the code of another trip, or the same code twice [W55] [Q-SUPABASE-05] [Q-SUPABASE-08]', async () => {
    person();
    const connector = connectTo(project);
    const [mine, theirs] = [attempt(), attempt()];
    const stolen = answerAt(await landing(project, urlOf(await connector.begin(theirs)))).get('code') ?? '';
    const answer = answerAt(await landing(project, urlOf(await connector.begin(mine))));
    const swapped = new URLSearchParams(answer);
    swapped.set('code', stolen);
    const refused = await refusalOf(connector.complete(swapped, mine));
    expect(refused).toEqual({ refusal: 'untrustworthy', reason: 'token: bad_code_verifier with status 400' });
    await connector.complete(answer, mine);
    expect((await refusalOf(connector.complete(answer, mine))).reason).toBe('token: flow_state_not_found with status 404');
  });

  it('that took too long may be tried again, wherever it is noticed [Q-SUPABASE-07] [Q-SUPABASE-32]', async () => {
    person();
    const connector = connectTo(project);
    expect(await refusalOf(socialLogin(project, connector, { dawdle: 301_000 }))).toMatchObject({
      refusal: 'unreachable',
      reason: 'answer: flow_state_expired with status 400',
    });
    const trip = attempt();
    const answer = answerAt(await landing(project, urlOf(await connector.begin(trip))));
    project.advance(301_000);
    expect(await refusalOf(connector.complete(answer, trip))).toMatchObject({
      refusal: 'unreachable',
      reason: 'token: flow_state_expired with status 422',
    });
  });

  it('that was cancelled, or is somebody banned, is cancelled, and no stranger’s words are repeated [Q-SUPABASE-06] [Q-SUPABASE-33]', async () => {
    expect((await refusalOf(socialLogin(project, connectTo(project), { decision: 'deny' }))).refusal).toBe('cancelled');
    person().banned = true;
    const banned = await refusalOf(socialLogin(project, connectTo(project)));
    expect(banned).toEqual({ refusal: 'cancelled', reason: 'answer: user_banned with status 400' });
    const trip = attempt();
    const odd = new URLSearchParams({ state: trip.state, error: 'forged\nline', error_code: 'also_forged' });
    expect((await refusalOf(connectTo(project).complete(odd, trip))).reason).toBe('answer: an error code of its own with status 400');
  });

  it('of somebody banned between the code and the account is refused [Q-SUPABASE-33]', async () => {
    const banned = person();
    const connector = connectTo(project);
    project.settings.claims = (claims) => {
      banned.banned = true;
      return claims;
    };
    expect(await refusalOf(socialLogin(project, connector))).toEqual({ refusal: 'cancelled', reason: 'user: user_banned with status 403' });
  });

  it('cannot prove that somebody signed in just now, so it is not begun where that is wanted [Q-SUPABASE-42]', async () => {
    expect((await refusalOf(connectTo(project).begin(attempt({ prompt: 'login' })))).refusal).toBe('misconfigured');
  });
});

describe('the session behind it', () => {
  const and =
    (more: Json) =>
    (claims: Json): Json => ({ ...claims, ...more });
  const without =
    (name: string) =>
    (claims: Json): Json =>
      Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name));
  it.each<[string, (claims: Json) => Json]>([
    ['anonymous [Q-SUPABASE-24]', and({ is_anonymous: true })],
    ['of another role [Q-SUPABASE-24]', and({ role: 'anon' })],
    ['of the service', and({ role: 'service_role' })],
    ['made for an OAuth client [Q-SUPABASE-24]', and({ client_id: 'c1' })],
    ['of another audience [Q-SUPABASE-23]', and({ aud: 'other' })],
    ['of another issuer [Q-SUPABASE-23]', and({ iss: 'https://other.supabase.co/auth/v1' })],
    ['with a trailing slash on its issuer', (claims) => ({ ...claims, iss: `${String(claims['iss'])}/` })],
    ['expired', and({ exp: 1_000_000 })],
    ['of the future', and({ iat: 99_999_999_999 })],
    ['without a subject', without('sub')],
    ['without a session', without('session_id')],
    ['without a level', without('aal')],
    ['at a level of its own', and({ aal: 'aal9' })],
    ['without methods', and({ amr: [] })],
    ['with methods as plain words', and({ amr: ['oauth'] })],
  ])('is refused when it is %s, and signed out again', async (_what, claims) => {
    person();
    project.settings.claims = claims;
    expect((await refusalOf(socialLogin(project, connectTo(project)))).refusal).toBe('untrustworthy');
    expect(project.count('/logout')).toBe(1);
    project.settings.claims = (same) => same;
    expect(identityOf(await socialLogin(project, connectTo(project))).groups).toEqual(['eng']);
  });

  it.each(['recovery', 'invite', 'email_change', 'anonymous'])('opened by %s is no sign-in [Q-SUPABASE-26]', async (loginMethod) => {
    person();
    project.settings.loginMethod = loginMethod;
    const refused = await refusalOf(socialLogin(project, connectTo(project)));
    expect(refused).toEqual({ refusal: 'untrustworthy', reason: `session: a session by ${loginMethod} is no sign-in` });
    expect(project.sessions.size).toBe(0);
  });

  it('opened by a passkey is at the first level; the level and the method prove a second factor only together [Q-SUPABASE-39] [Q-SUPABASE-41]', async () => {
    person();
    project.settings.loginMethod = 'passkey';
    expect(identityOf(await socialLogin(project, connectTo(project))).assurance).toMatchObject({
      mfa: false,
      amrAsSaid: ['passkey'],
      evidence: [],
    });
    const at = Math.floor(project.now() / 1000);
    const methods = (...names: string[]) => names.map((method) => ({ method, timestamp: at }));
    project.settings.claims = and({ aal: 'aal2' });
    expect(identityOf(await socialLogin(project, connectTo(project))).assurance.mfa).toBe(false);
    project.settings.claims = and({ amr: methods('totp', 'oauth') });
    expect(identityOf(await socialLogin(project, connectTo(project))).assurance.mfa).toBe(false);
    project.settings.claims = and({ aal: 'aal2', amr: methods('mfa/phone', 'oauth') });
    expect(identityOf(await socialLogin(project, connectTo(project))).assurance).toMatchObject({
      mfa: true,
      auth_time: at,
      evidence: ['aal=aal2', `amr=mfa/phone at ${String(at)}`],
    });
  });

  it('signed with the project’s secret is refused with a reason an administrator can act on, at the start too [W49] [Q-SUPABASE-22]', async () => {
    person();
    project.settings.sharedSecret = true;
    const connector = connectTo(project);
    const words = expect.stringContaining('shared secret (HS256): migrate it to an asymmetric signing key') as unknown;
    expect(await refusalOf(socialLogin(project, connector))).toMatchObject({ refusal: 'misconfigured', reason: words });
    expect(await refusalOf(connector.warmUp())).toMatchObject({ refusal: 'misconfigured', reason: words });
    expect(project.count('/logout')).toBe(1);
  });

  it('may be signed with a new key, which is looked for at most once a minute [W51] [Q-SUPABASE-38]', async () => {
    person();
    const connector = connectTo(project);
    await connector.warmUp();
    await project.rotateKey();
    expect((await refusalOf(socialLogin(project, connector))).reason).toBe('token: ERR_JWKS_NO_MATCHING_KEY');
    expect(project.count('/.well-known/jwks.json')).toBe(1);
    project.advance(60_000);
    expect(identityOf(await socialLogin(project, connector)).groups).toEqual(['eng']);
    expect(project.count('/.well-known/jwks.json')).toBe(2);
  });
});

describe('groups and address', () => {
  it.each<[string, object, Json, readonly string[] | null]>([
    ['of the roles', { roles: '/roles' }, { roles: ['a', 'b'] }, ['a', 'b']],
    ['of a nested role', { roles: '/drawbridge/role' }, { drawbridge: { role: 'a' } }, ['a']],
    ['unknown when the roles are absent', { roles: '/roles' }, {}, null],
    ['none when the connection conveys none', {}, { roles: ['a'] }, []],
    ['of roles in a tenant', { roles: '/roles', tenant: '/org' }, { roles: ['a'], org: 'acme' }, ['acme', 'acme/a']],
    ['of a tenant alone', { tenant: '/org' }, { org: 'acme' }, ['acme']],
    ['unknown without the tenant', { roles: '/roles', tenant: '/org' }, { roles: ['a'] }, null],
    ['unknown when a tenant pretends to be two', { roles: '/roles', tenant: '/org' }, { roles: ['a'], org: 'acme/admin' }, null],
  ])('are %s [Q-SUPABASE-28] [Q-SUPABASE-43]', async (_what, claims, app_metadata, groups) => {
    project.addPerson({ email: 'ana@corp.example', app_metadata, user_metadata: { roles: ['admin'], org: 'globex' } });
    expect(identityOf(await socialLogin(project, connectTo(project, { claims }))).groups).toEqual(groups);
  });

  it('are shown only where the project really confirms addresses [Q-SUPABASE-29]', async () => {
    const ana = person();
    ana.email_confirmed_at = null;
    expect(identityOf(await socialLogin(project, connectTo(project))).email).toBeNull();
    ana.email_confirmed_at = new Date(0).toISOString();
    project.settings.autoconfirm = true;
    expect(identityOf(await socialLogin(project, connectTo(project))).email).toBeNull();
  });
});

describe('when GoTrue cannot be asked', () => {
  it.each<[string, number, Record<string, string>, string]>([
    ['throttles', 429, { 'x-sb-error-code': 'over_request_rate_limit' }, 'unreachable'],
    ['throttles in its gateway', 429, {}, 'unreachable'],
    ['is out of order', 502, {}, 'unreachable'],
    ['says 409', 409, { 'x-sb-error-code': 'conflict' }, 'unreachable'],
    ['refuses our key', 401, {}, 'misconfigured'],
    ['redirects', 307, { location: '/elsewhere' }, 'unreachable'],
    ['says something new', 400, { 'x-sb-error-code': 'never_heard_of' }, 'misconfigured'],
  ])('because it %s (status %i), nobody is signed in [Q-SUPABASE-35]', async (_what, status, headers, refusal) => {
    person();
    project.raw = { '/token': (_request, response) => void response.writeHead(status, headers).end('{"msg":"CNRY"}') };
    expect((await refusalOf(socialLogin(project, connectTo(project)))).refusal).toBe(refusal);
    expect(project.count('/elsewhere')).toBe(0);
    project.raw = {};
    expect(identityOf(await socialLogin(project, connectTo(project))).groups).toEqual(['eng']);
  });

  it('is given up after the configured time, whether it hangs or hangs up', async () => {
    person();
    project.raw = { '/token': () => undefined };
    const started = Date.now();
    const hung = await refusalOf(socialLogin(project, connectTo(project, { timeoutSeconds: 0.2 })));
    expect([hung.refusal, hung.reason]).toEqual(['unreachable', 'token: timed out']);
    expect(Date.now() - started).toBeLessThan(3000);
    project.raw = { '/token': (request) => void request.socket.destroy() };
    expect((await refusalOf(socialLogin(project, connectTo(project)))).refusal).toBe('unreachable');
  });

  it('throttles for real beyond its limit, and that is nobody’s fault [Q-SUPABASE-37]', async () => {
    const connector = connectTo(project);
    const trip = attempt();
    const answer = new URLSearchParams({ state: trip.state, code: crypto.randomUUID() });
    const refusals = [];
    for (let i = 0; i < 32; i += 1) refusals.push((await refusalOf(connector.complete(answer, trip))).refusal);
    expect(new Set(refusals.slice(0, 29))).toEqual(new Set(['untrustworthy']));
    expect(refusals.at(-1)).toBe('unreachable');
  });

  it('tells an administrator at the start what is not switched on [Q-SUPABASE-44]', async () => {
    await connectTo(project).warmUp();
    project.settings.social = ['github'];
    const refused = await refusalOf(connectTo(project, { methods: ['google', 'github'] }).warmUp());
    expect(refused).toEqual({ refusal: 'misconfigured', reason: 'settings: not enabled in the project: google' });
  });
});
