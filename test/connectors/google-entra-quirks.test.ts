/** What is special about Google and Entra beyond whose accounts come in, which is in tenants.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsToldAgain } from '../../src/domain/rule-claims.ts';
import { kindOf } from '../../src/connectors/kinds/known.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt, refusalOf } from './support.ts';
import { honestClaims, openVendor } from './vendors.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(async () => idp.close());

const and =
  (more: Json) =>
  (claims: Json): Json => ({ ...claims, ...more });
const tokens = (more: Json = {}): Json => ({ access_token: 'CNRYaccess', token_type: 'Bearer', expires_in: 3600, ...more });

describe('Google', () => {
  const ana = honestClaims(kindOf('google'));
  const google = (settings?: Json, client?: Json) => openVendor('google', idp, settings, client);

  it('[Q-GOOGLE-01] is one issuer, and its older spelling without a scheme is another', async () => {
    expect((await refusalOf(google().login(ana, { claims: and({ iss: 'accounts.google.com' }) }))).refusal).toBe('untrustworthy');
    expect((await google().login(ana)).issuer).toBe('https://accounts.google.com');
  });

  it('[Q-GOOGLE-02] names itself in the answer where it says so, and is then held to it', async () => {
    const discovery = and({ authorization_response_iss_parameter_supported: true });
    expect((await refusalOf(google().login(ana, { discovery }))).refusal).toBe('untrustworthy');
    const answer = (given: URLSearchParams) => given.set('iss', 'https://accounts.google.com');
    expect((await google().login(ana, { discovery, answer })).subject).toBe(ana['sub']);
  });

  it('[Q-GOOGLE-03] keeps the subject when the address changes, and so do we', async () => {
    const [before, after] = [await google().login(ana), await google().login({ ...ana, email: 'ana.new@acme.example' })];
    expect([after.issuer, after.subject, after.email]).toEqual([before.issuer, before.subject, 'ana.new@acme.example']);
  });

  it('[Q-GOOGLE-10] rotates no refresh token: the one we have is kept', async () => {
    const answer = await google().renewed({ subject: '1' }, 200, tokens());
    expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('CNRYrefresh');
  });

  it('[Q-GOOGLE-27] may leave the name out of an ID token that a refresh brings: of that it then says nothing', async () => {
    const { name: _name, given_name: _given, ...thin } = { name: 'Ana', given_name: 'Ana', ...ana };
    const id_token = await google().idToken(thin);
    const answer = await google().renewed({ subject: String(ana['sub']) }, 200, tokens({ id_token }));
    if (answer.answer !== 'stands') throw new Error(`it ${answer.answer}`);
    expect(claimsToldAgain(['/name', '/given_name', '/hd', '/unheard'], answer)).toEqual({
      '/name': null,
      '/given_name': null,
      '/hd': [ana['hd']],
      '/unheard': [],
    });
  });

  it.each<[string, Json]>([
    ['somebody suspended, and a token six months unused or pushed out by a hundred others', { error: 'invalid_grant' }],
    ['a session that its administrator has limited', { error: 'invalid_grant', error_subtype: 'invalid_rapt' }],
  ])('[Q-GOOGLE-11] says the same word of %s: a sign-in is needed', async (_what, body) => {
    expect(await google().renewed({ subject: '1' }, 400, { ...body, error_description: 'CNRY' })).toMatchObject({ answer: 'over' });
  });

  it('[Q-GOOGLE-12] has no groups in its tokens: such a connection conveys none, whatever stands there', async () => {
    expect((await google().login({ ...ana, groups: ['admins'] })).groups).toEqual([]);
  });

  it('[Q-GOOGLE-14] is given the hint it was given, an address or a subject', async () => {
    for (const login_hint of ['ana@acme.example', '110169484474386276334']) {
      const asked = await google().asked(attempt({ login_hint, prompt: 'select_account' }));
      expect([asked['login_hint'], asked['prompt']]).toEqual([login_hint, 'select_account']);
    }
  });

  it('[Q-GOOGLE-17] has everything in the ID token, so userinfo is not asked', async () => {
    const before = idp.count('/userinfo');
    expect((await google().login(ana)).email).toBe('ana@acme.example');
    expect(idp.count('/userinfo')).toBe(before);
  });
});

describe('Entra', () => {
  const ana = honestClaims(kindOf('entra'));
  const tid = String(ana['tid']);
  const known = { subject: `${tid}:${String(ana['oid'])}` };
  const entra = (settings: Json = {}) => openVendor('entra', idp, { ...kindOf('entra').example, ...settings });

  it('[Q-ENTRA-06] in a national cloud is one tenant of the kind oidc, by its id', async () => {
    const issuer = `https://login.microsoftonline.us/${tid}/v2.0`;
    const cloud = () => openVendor('oidc', idp, { issuer, tenantGuard: { claim: '/tid', allowed: [tid] } });
    expect(await cloud().login(ana)).toMatchObject({ issuer, subject: ana['sub'] });
    expect((await refusalOf(cloud().login({ ...ana, tid: 'another' }))).refusal).toBe('foreign');
  });

  it('[Q-ENTRA-07] for customers calls itself by the tenant’s id, and counts under no other name', async () => {
    const discovery = and({ issuer: `https://${tid}.ciamlogin.com/${tid}/v2.0` });
    const named = (host: string) => openVendor('oidc', idp, { issuer: `https://${host}.ciamlogin.com/${tid}/v2.0` });
    expect((await refusalOf(named('acme').login(ana, { discovery }))).refusal).toBe('untrustworthy');
    expect((await named(tid).login(ana, { discovery })).issuer).toBe(`https://${tid}.ciamlogin.com/${tid}/v2.0`);
  });

  it('[Q-ENTRA-08] names itself in no answer; one that does so under several tenants is of nobody we know', async () => {
    const several = () => entra({ allowedTenants: ['aaaa2222-3333-4444-5555-666677778888'] });
    const answer = (given: URLSearchParams) => given.set('iss', `https://login.microsoftonline.com/${tid}/v2.0`);
    expect((await refusalOf(several().login(ana, { answer }))).refusal).toBe('untrustworthy');
    expect((await several().login(ana)).subject).toBe(known.subject);
  });

  it('[Q-ENTRA-12] is asked at its second endpoint, and what its access token says is nothing to us', async () => {
    const access_token = await entra().idToken({ ...ana, oid: 'somebody else', ver: '1.0', groups: ['from the access token'] });
    const identity = await entra().login(ana, { tokenResponse: (body) => and({ access_token })(body as Json) });
    expect(identity).toMatchObject({ subject: known.subject, groups: ana['groups'] });
  });

  it('[Q-ENTRA-13] [Q-ENTRA-14] has another sub for each application and one object id for the person, which the scope profile brings', async () => {
    const [here, there] = [await entra().login(ana), await entra().login({ ...ana, sub: 'another application' })];
    expect([here.subject, there.subject]).toEqual([known.subject, known.subject]);
    expect((await entra().asked())['scope']?.split(' ')).toContain('profile');
  });

  it('[Q-ENTRA-15] lets any administrator write anybody’s address into a directory, which makes nobody that person', async () => {
    const other = 'aaaa2222-3333-4444-5555-666677778888';
    const email = 'ana@acme.example';
    const login = (more: Json) => entra({ allowedTenants: [other] }).login({ ...ana, email, ...more });
    const [real, eve] = [await login({ xms_edov: true }), await login({ tid: other, oid: '00003333-2222-4444-8888-000011112222' })];
    expect([real.email, eve.email]).toEqual([email, null]);
    expect([eve.subject === real.subject, eve.issuer === real.issuer]).toEqual([false, false]);
    expect((await refusalOf(login({ tid: '99992222-3333-4444-5555-666677778888', xms_edov: true }))).refusal).toBe('foreign');
  });

  it('[Q-ENTRA-19] is given the domain that leads to its own sign-in page, where an administrator says so', async () => {
    const authorizationParameters = { domain_hint: 'acme.example' };
    expect(await entra({ authorizationParameters }).asked()).toMatchObject(authorizationParameters);
    expect(await entra().asked()).not.toHaveProperty('domain_hint');
  });

  it('[Q-ENTRA-20] names groups by ids, and in a token of ours they are called nothing else', async () => {
    const ids = ['0e5f0b4e-3f2a-4a53-9a51-8d9f3e3a7c11', '1a2b3c4d-3f2a-4a53-9a51-8d9f3e3a7c11'];
    expect((await entra().login({ ...ana, groups: ids })).groups).toEqual(ids);
  });

  it('[Q-ENTRA-21] has app roles in a claim of their own, which may be what counts as groups', async () => {
    const claims = { groups: '/roles' };
    expect((await entra({ claims }).login({ ...ana, roles: ['Notes.Editor'] })).groups).toEqual(['Notes.Editor']);
    expect((await entra({ claims }).login(ana)).groups).toBeNull();
  });

  it('[Q-ENTRA-22] keeps a long list of groups elsewhere: they are unknown, and the address that it names is never called', async () => {
    const { groups: _groups, ...rest } = ana;
    const endpoint = `https://graph.windows.example/${tid}/users/x/getMemberObjects`;
    const vendor = entra();
    const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
    expect((await vendor.login({ ...rest, ...overage })).groups).toBeNull();
    expect((await vendor.login({ ...rest, hasgroups: 'true' })).groups).toBeNull();
    expect([...vendor.hosts]).toEqual(['login.microsoftonline.com']);
  });

  it('[Q-ENTRA-24] documents no max_age, so a fresh sign-in is asked for by prompt too and proven by auth_time alone', async () => {
    const fresh = attempt({ prompt: 'login' });
    expect((await entra().asked(fresh))['prompt']).toBe('login');
    expect((await refusalOf(entra().login(ana, {}, fresh))).refusal).toBe('untrustworthy');
    const auth_time = Math.floor(Date.now() / 1000) - 5;
    expect((await entra().login({ ...ana, auth_time }, {}, fresh)).assurance.auth_time).toBe(auth_time);
  });

  it.each<[string, Json, string]>([
    ['a disabled account', { error: 'invalid_grant', error_codes: [50057] }, 'over'],
    ['a revoked token or a changed password', { error: 'invalid_grant', error_codes: [50173] }, 'over'],
    ['a token too long unused', { error: 'invalid_grant', error_codes: [700082] }, 'over'],
    [
      'a policy that wants a second factor',
      { error: 'interaction_required', error_codes: [50076], suberror: 'basic_action' },
      'must-sign-in',
    ],
    ['one that has to be set up first', { error: 'interaction_required', error_codes: [50079] }, 'must-sign-in'],
    [
      'a challenge of another party',
      { error: 'interaction_required', error_codes: [50158], suberror: 'additional_action' },
      'must-sign-in',
    ],
    ['our secret that ran out', { error: 'invalid_client', error_codes: [7000222] }, 'misconfigured'],
  ])('[Q-ENTRA-26] says by the word of the specification that it is %s', async (_what, body, answer) => {
    const status = body['error'] === 'invalid_client' ? 401 : 400;
    const more = { error_description: 'AADSTS CNRY', timestamp: '2026-01-01 00:00:00Z', trace_id: 'CNRY', correlation_id: 'CNRY' };
    const said = await entra().renewed(known, status, { ...body, ...more });
    expect(said).toMatchObject({ answer });
    expect(JSON.stringify(said)).not.toContain('CNRY');
  });

  it('[Q-ENTRA-41] leaves an optional claim out of the ID token where the directory has no value: at a refresh it is gone', async () => {
    const told = async (claims: Json) => {
      const answer = await entra().renewed(known, 200, tokens({ id_token: await entra().idToken({ ...ana, ...claims }) }));
      return answer.answer === 'stands' ? claimsToldAgain(['/department'], answer) : null;
    };
    expect(await told({ department: 'sales' })).toEqual({ '/department': ['sales'] });
    expect(await told({})).toEqual({ '/department': [] });
  });

  it.each<[string, Json, string]>([
    ['the same person', {}, 'stands'],
    ['another person with the same sub', { oid: '00003333-2222-4444-8888-000011112222' }, 'over'],
    ['somebody of another tenant', { tid: '99992222-3333-4444-5555-666677778888' }, 'over'],
  ])('[Q-ENTRA-27] is asked again about tenant and object together: %s', async (_what, more, answer) => {
    const several = entra({ allowedTenants: ['99992222-3333-4444-5555-666677778888'] });
    for (const vendor of answer === 'over' && 'tid' in more ? [several] : [entra(), several]) {
      const id_token = await vendor.idToken({ ...ana, ...more });
      expect(await vendor.renewed(known, 200, tokens({ id_token, refresh_token: 'next' }))).toMatchObject({ answer });
    }
  });
});
