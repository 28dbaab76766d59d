/** What is special about Okta, Auth0, Keycloak and those that are connected as any OpenID provider. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { claimsToldAgain } from '../../src/domain/rule-claims.ts';
import { kindOf } from '../../src/connectors/kinds/known.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { secondFactor } from '../support/assurance.ts';
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
const vendor = (type: string, settings: Json = {}) => openVendor(type, idp, { ...kindOf(type).example, ...settings });
const tokens = (more: Json = {}): Json => ({ access_token: 'CNRYaccess', token_type: 'Bearer', expires_in: 3600, ...more });
/** An access token that says of itself what these claims say. */
const saying = (access_token: string) => ({ tokenResponse: (body: unknown) => and({ access_token })(body as Json) });

describe('Okta', () => {
  const ana = honestClaims(kindOf('okta'));
  const [subject] = [String(ana['sub'])];

  it.each(['https://acme.okta.example', 'https://acme.okta.example/oauth2/default', 'https://login.acme.example/oauth2/aus1'])(
    '[Q-OKTA-01] [Q-OKTA-02] %s is an authorization server of its own, and no other of the same company counts for it',
    async (issuer) => {
      expect((await vendor('okta', { issuer }).login(ana)).issuer).toBe(issuer);
      const other = { claims: and({ iss: 'https://acme.okta.example/oauth2/other' }) };
      expect((await refusalOf(vendor('okta', { issuer }).login(ana, other))).refusal).toBe('untrustworthy');
      const moved = { discovery: and({ issuer: 'https://login.other.example' }) };
      expect((await refusalOf(vendor('okta', { issuer }).login(ana, moved))).refusal).toBe('untrustworthy');
    },
  );

  it('[Q-OKTA-03] says the login in the subject of an access token, and who it is in that of the ID token', async () => {
    const access_token = await vendor('okta').idToken({ sub: 'ana@acme.example', uid: subject, groups: ['Admins'] });
    expect(await vendor('okta').login(ana, saying(access_token))).toMatchObject({ subject, groups: ana['groups'] });
  });

  it('[Q-OKTA-04] is asked for groups by their scope, unless an administrator leaves it out', async () => {
    const scopesOf = async (settings: Json) => (await vendor('okta', settings).asked())['scope'];
    expect(await scopesOf({})).toBe('openid profile email groups');
    expect(await scopesOf({ scopes: ['openid', 'email'] })).toBe('openid email');
  });

  it('[Q-OKTA-08] is asked for a sign-in of now in both ways, and neither is believed', async () => {
    const fresh = attempt({ prompt: 'login' });
    expect(await vendor('okta').asked(fresh)).toMatchObject({ prompt: 'login', max_age: '0' });
    const stale = Math.floor(Date.now() / 1000) - 7200;
    expect((await refusalOf(vendor('okta').login({ ...ana, auth_time: stale }, {}, fresh))).refusal).toBe('untrustworthy');
  });

  it('[Q-OKTA-09] keeps a refresh token or rotates it, as its administrator chose', async () => {
    const kept = await vendor('okta').renewed({ subject }, 200, tokens());
    const next = await vendor('okta').renewed({ subject }, 200, tokens({ refresh_token: 'next' }));
    const shown = [kept, next].map((answer) => answer.answer === 'stands' && answer.refresh_token.reveal());
    expect(shown).toEqual(['CNRYrefresh', 'next']);
    expect(await vendor('okta').renewed({ subject }, 400, { error: 'invalid_grant' })).toMatchObject({ answer: 'over' });
  });

  it('[Q-OKTA-14] is led to another of its sources by idp, and given the login_hint', async () => {
    const asked = await vendor('okta', { authorizationParameters: { idp: '0oa1' } }).asked(attempt({ login_hint: 'ana@acme.example' }));
    expect(asked).toMatchObject({ idp: '0oa1', login_hint: 'ana@acme.example' });
  });

  it.each<[string, Json, boolean, boolean]>([
    ['two factors', { acr: 'urn:okta:loa:2fa:any' }, true, false],
    ['a factor that cannot be phished', { acr: 'phr' }, true, true],
    ['one in hardware', { acr: 'phrh' }, true, true],
    ['what was possible', { acr: 'urn:okta:loa:2fa:any:ifpossible' }, false, false],
    ['its own method word', { acr: 'urn:okta:loa:1fa:any', amr: ['pwd', 'mfa'] }, true, false],
    ['a request it did not know', {}, false, false],
  ])('[Q-OKTA-16] proves by %s what it says and no more', async (_what, said, mfa, phishingResistant) => {
    const { acr: _acr, amr: _amr, ...silent } = ana;
    const { assurance } = await vendor('okta').login({ ...silent, ...said }, {}, attempt({ demand: secondFactor.demand }));
    expect(assurance).toMatchObject({ mfa, phishingResistant });
  });

  it('[Q-OKTA-17] is asked for one that cannot be phished by the values that would prove it', async () => {
    const asked = await vendor('okta').asked(attempt({ demand: { ...noDemand, phishingResistant: true } }));
    expect(asked['acr_values']).toBe('phr phrh');
  });
});

describe('Auth0', () => {
  const ana = honestClaims(kindOf('auth0'));

  it('[Q-AUTH0-01] has a slash at the end of its issuer, and counts only with it', async () => {
    const without = 'https://acme.eu.auth0.example';
    expect((await refusalOf(vendor('auth0').login(ana, { claims: and({ iss: without }) }))).refusal).toBe('untrustworthy');
    expect((await refusalOf(vendor('auth0').login(ana, { discovery: and({ issuer: without }) }))).refusal).toBe('untrustworthy');
    expect((await vendor('auth0').login(ana)).issuer).toBe(`${without}/`);
  });

  it('[Q-AUTH0-02] has subjects in parts, which are one text to us', async () => {
    expect((await vendor('auth0').login({ ...ana, sub: 'waad|acme|a:b|c' })).subject).toBe('waad|acme|a:b|c');
  });

  it('[Q-AUTH0-03] is for one organization by its id, whatever name another one gives itself', async () => {
    const another = { org_id: 'org_0000000000000000', org_name: 'acme' };
    expect((await refusalOf(vendor('auth0').login({ ...ana, ...another }))).refusal).toBe('foreign');
    expect((await vendor('auth0').login({ ...ana, org_name: 'renamed' })).subject).toBe(ana['sub']);
  });

  it('[Q-AUTH0-04] has groups under a name with slashes and dots in it, which a pointer finds', async () => {
    const claims = { groups: '/https:~1~1acme.example~1roles' };
    expect((await vendor('auth0', { claims }).login({ ...ana, 'https://acme.example/roles': ['eng'] })).groups).toEqual(['eng']);
    expect((await vendor('auth0', { claims: {} }).login(ana)).groups).toEqual([]);
  });

  it('[Q-AUTH0-06] runs its actions again at a refresh, whose groups count at once', async () => {
    const id_token = await vendor('auth0').idToken({ ...ana, 'https://acme.example/groups': ['ops'] });
    const answer = await vendor('auth0').renewed({ subject: String(ana['sub']) }, 200, tokens({ id_token, refresh_token: 'next' }));
    expect(answer).toMatchObject({ answer: 'stands', groups: ['ops'] });
  });

  it('[Q-AUTH0-08] takes the hints of its own', async () => {
    const asked = await vendor('auth0', { authorizationParameters: { connection: 'acme-saml', screen_hint: 'login' } }).asked();
    expect(asked).toMatchObject({ connection: 'acme-saml', screen_hint: 'login', organization: 'org_9ybsU1dN2dKfDkBi' });
  });
});

describe('Keycloak', () => {
  const ana = honestClaims(kindOf('keycloak'));

  it('[Q-KEYCLOAK-05] has roles in the access token as a rule, which is not read: without a mapper they are unknown', async () => {
    const claims = { groups: '/realm_access/roles' };
    const { groups: _groups, ...rest } = ana;
    const access_token = await vendor('keycloak').idToken({ ...rest, realm_access: { roles: ['admin'] } });
    expect((await vendor('keycloak', { claims }).login(rest, saying(access_token))).groups).toBeNull();
    expect((await vendor('keycloak', { claims }).login({ ...rest, realm_access: { roles: ['eng'] } })).groups).toEqual(['eng']);
  });

  it('[Q-KEYCLOAK-04] tells groups by their whole path, since two may end alike', async () => {
    expect((await vendor('keycloak').login({ ...ana, groups: ['/eng/leads', '/ops/leads'] })).groups).toEqual(['/eng/leads', '/ops/leads']);
  });

  it('[Q-KEYCLOAK-18] makes the ID token of a refresh by the same mappers, which leave out what has no value: that is gone', async () => {
    const told = async (claims: Json) => {
      const id_token = await vendor('keycloak').idToken({ ...ana, ...claims });
      const answer = await vendor('keycloak').renewed({ subject: String(ana['sub']) }, 200, tokens({ id_token }));
      return answer.answer === 'stands' ? claimsToldAgain(['/department', '/realm_access/roles'], answer) : null;
    };
    expect(await told({ department: 'sales', realm_access: { roles: ['eng', 'ops'] } })).toEqual({
      '/department': ['sales'],
      '/realm_access/roles': ['eng', 'ops'],
    });
    expect(await told({ realm_access: {} })).toEqual({ '/department': [], '/realm_access/roles': [] });
  });

  it('[Q-KEYCLOAK-10] lets a lower level pass where it was only wished for, which is then no proof', async () => {
    const wish = attempt({ demand: secondFactor.demand });
    for (const acr of ['silver', '0', '1', undefined])
      expect((await vendor('keycloak').login({ ...ana, acr }, {}, wish)).assurance).toMatchObject({ mfa: false, acr: acr ?? null });
    expect((await vendor('keycloak').login({ ...ana, acr: 'gold' }, {}, wish)).assurance.mfa).toBe(true);
  });

  it('[Q-KEYCLOAK-12] refuses a level that it cannot give, and nobody comes in', async () => {
    const answer = (given: URLSearchParams) => (given.delete('code'), given.set('error', 'unmet_authentication_requirements'));
    const outcome = vendor('keycloak').login(ana, { answer }, attempt({ demand: secondFactor.demand }));
    expect((await refusalOf(outcome)).refusal).toBe('cancelled');
  });
});

describe('vendors without a kind of their own', () => {
  const env = '0a1b2c3d-0000-4444-8888-000011112222';
  const generic = (issuer: string, settings: Json = {}, client: Json = {}) => openVendor('oidc', idp, { issuer, ...settings }, client);

  it('[Q-PING-01] [Q-PING-02] PingOne has a path in its issuer, and the name of a policy in acr', async () => {
    const mfa = { acr_values: ['Multi_Factor', 'Passkey'], acr: ['Multi_Factor'] };
    const ping = () => generic(`https://auth.pingone.example/${env}/as`, { mfa, claims: { groups: '/p1_groups' } });
    expect((await ping().asked())['acr_values']).toBe('Multi_Factor Passkey');
    const identity = await ping().login({ sub: env, p1_groups: ['Group One'], acr: 'Multi_Factor' });
    expect(identity).toMatchObject({ groups: ['Group One'], assurance: { mfa: true } });
    expect((await ping().login({ sub: env, p1_groups: [], acr: 'Single_Factor' })).assurance.mfa).toBe(false);
  });

  it('[Q-PING-04] PingFederate names groups by a DN with commas in it, alone or in a list', async () => {
    const dn = 'CN=MCP Editors,OU=Groups,DC=corp,DC=example';
    const federate = () => generic('https://sso.corp.example', { claims: { groups: '/memberOf' } });
    expect((await federate().login({ sub: 'ana', memberOf: dn })).groups).toEqual([dn]);
    expect((await federate().login({ sub: 'ana', memberOf: [dn, 'CN=B'] })).groups).toEqual([dn, 'CN=B']);
  });

  it('[Q-ONELOGIN-01] OneLogin has a number for a subject, as a text', async () => {
    expect((await generic('https://acme.onelogin.example/oidc/2').login({ sub: '19582341' })).subject).toBe('19582341');
  });

  it('[Q-ONELOGIN-02] OneLogin puts roles into one text, parted by semicolons', async () => {
    const claims = { groups: '/groups', groupsSeparator: 'semicolon' };
    const onelogin = () => generic('https://acme.onelogin.example/oidc/2', { claims });
    expect((await onelogin().login({ sub: '1', groups: 'eng;IT Admins' })).groups).toEqual(['eng', 'IT Admins']);
    expect((await onelogin().login({ sub: '1', groups: ['eng'] })).groups).toEqual(['eng']);
  });

  it('[Q-ONELOGIN-04] [Q-JUMPCLOUD-05] with nothing configured no answer of theirs proves a second factor', async () => {
    const said = { acr: 'onelogin:nist:level:1:re-auth', amr: ['mfa', 'otp', 'hwk'] };
    expect((await generic('https://acme.onelogin.example/oidc/2').login({ sub: '1', ...said })).assurance.mfa).toBe(false);
  });

  it('[Q-JUMPCLOUD-02] JumpCloud’s one issuer for all its customers is told apart by our registration there', async () => {
    const jumpcloud = () => generic('https://oauth.id.jumpcloud.example/');
    expect((await refusalOf(jumpcloud().login({ sub: '1', aud: 'the client of another customer' }))).refusal).toBe('untrustworthy');
    expect((await jumpcloud().login({ sub: '1' })).issuer).toBe('https://oauth.id.jumpcloud.example/');
  });

  it('[Q-JUMPCLOUD-03] JumpCloud’s access tokens are not looked into', async () => {
    const opaque = { tokenResponse: (body: unknown) => and({ access_token: 'opaque' })(body as Json) };
    expect((await generic('https://oauth.id.jumpcloud.example/').login({ sub: '1' }, opaque)).subject).toBe('1');
  });

  it('[Q-JUMPCLOUD-04] [Q-ONELOGIN-03] what brings a refresh token is asked for where an administrator says so, and only there', async () => {
    const scopeOf = async (scopes: string[]) =>
      (await generic('https://oauth.id.jumpcloud.example/', { scopes }, { isAskedAgain: true }).asked())['scope'];
    expect(await scopeOf(['openid', 'offline_access'])).toBe('openid offline_access');
    expect(await scopeOf(['openid', 'email'])).toBe('openid email');
  });
});

describe('groups in one text', () => {
  const groupsOf = async (groups: unknown, groupsSeparator?: string) =>
    (await openVendor('okta', idp, { issuer: 'https://acme.okta.example', claims: { groupsSeparator } }).login({ sub: '1', groups }))
      .groups;

  it.each<[unknown, string | undefined, readonly string[] | null]>([
    ['IT Admins', undefined, ['IT Admins']],
    ['eng ops', 'space', ['eng', 'ops']],
    ['eng, IT Admins', 'comma', ['eng', 'IT Admins']],
    ['eng;IT Admins;', 'semicolon', ['eng', 'IT Admins']],
    ['', 'comma', []],
    [['eng, ops'], 'comma', ['eng, ops']],
    ['', undefined, null],
    [7, 'comma', null],
  ])('%j parted by %s [Q-OIDC-12]', async (groups, separator, expected) => {
    expect(await groupsOf(groups, separator)).toEqual(expected);
  });
});
