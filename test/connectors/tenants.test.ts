import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kindOf } from '../../src/connectors/kinds/known.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt, refusalOf } from './support.ts';
import { openVendor } from './vendors.ts';
import { secondFactor } from '../support/assurance.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(async () => idp.close());

const home = '11112222-3333-4444-5555-666677778888';
const other = 'aaaa2222-3333-4444-5555-666677778888';
const foreign = '99992222-3333-4444-5555-666677778888';
const oid = '66663333-2222-4444-8888-000011112222';

/** Who of these comes in. */
async function admits(type: string, settings: Json, claims: Json): Promise<boolean> {
  const outcome = openVendor(type, idp, settings).login(claims);
  const refused = await outcome.then(
    () => null,
    () => refusalOf(outcome),
  );
  if (refused !== null) expect(refused.refusal).toBe('foreign');
  return refused === null;
}

describe('Google accounts [S3.05]', () => {
  const verified = { sub: '1', email: 'a@acme.example', email_verified: true };
  it.each<[string, string[] | undefined, unknown, boolean]>([
    ['of the Workspace', ['acme.example'], 'acme.example', true],
    ['of one of several [Q-GOOGLE-07]', ['acme.example', 'beta.example'], 'beta.example', true],
    ['in another case', ['acme.example'], 'Acme.example', false],
    ['of a subdomain', ['acme.example'], 'sub.acme.example', false],
    ['with a list for a domain', ['acme.example'], ['acme.example'], false],
    ['private ones [Q-GOOGLE-05]', ['acme.example'], undefined, false],
    ['of any Workspace [Q-GOOGLE-06]', ['*'], 'anything.example', true],
    ['private ones, where any Workspace may [Q-GOOGLE-06]', ['*'], undefined, false],
    ['with an empty domain, where any Workspace may', ['*'], '', false],
    ['private ones, where everybody may', undefined, undefined, true],
  ])('%s', async (_what, hostedDomains, hd, comesIn) => {
    expect(await admits('google', { hostedDomains }, { ...verified, hd })).toBe(comesIn);
  });

  it('are hinted at by hd, and the hint is never believed [Q-GOOGLE-04]', async () => {
    expect((await openVendor('google', idp, { hostedDomains: ['acme.example'] }).asked())['hd']).toBe('acme.example');
    expect((await openVendor('google', idp, { hostedDomains: ['acme.example', 'beta.example'] }).asked())['hd']).toBe('*');
    expect((await openVendor('google', idp, {}).asked())['hd']).toBeUndefined();
    const answer = { answer: (p: URLSearchParams) => p.set('hd', 'acme.example') };
    const outcome = openVendor('google', idp, { hostedDomains: ['acme.example'] }).login(verified, answer);
    expect(await refusalOf(outcome)).toEqual({ refusal: 'foreign', reason: 'tenant: /hd is missing' });
  });

  it.each<[string, Json, string | null]>([
    ['a mailbox of Google', { email: 'ana@gmail.com', email_verified: true }, 'ana@gmail.com'],
    ['a Workspace mailbox', { email: 'ana@acme.example', email_verified: true, hd: 'acme.example' }, 'ana@acme.example'],
    ['an address proven once, elsewhere', { email: 'ana@acme.example', email_verified: true }, null],
    ['an address nobody proved', { email: 'ana@gmail.com', email_verified: false }, null],
    ['an address of which nothing is said', { email: 'ana@gmail.com' }, null],
    ['an address that ends alike', { email: 'ana@notgmail.com', email_verified: true }, null],
  ])('show %s as the person’s only if Google can speak for it [Q-GOOGLE-08]', async (_what, claims, email) => {
    expect((await openVendor('google', idp, {}).login({ sub: '1', ...claims })).email).toBe(email);
  });
});

describe('Entra accounts [S3.05] [S3.13]', () => {
  const several = { tenant: home, allowedTenants: [other] };
  const vendor = () => openVendor('entra', idp, several);

  it('of several tenants come in by one discovery, each with the issuer of their own tenant [Q-ENTRA-02]', async () => {
    for (const tid of [home, other]) {
      const identity = await vendor().login({ sub: 's', tid, oid, groups: [] });
      expect(identity).toMatchObject({ issuer: `https://login.microsoftonline.com/${tid}/v2.0`, subject: `${tid}:${oid}` });
    }
  });

  it.each<[string, Json, string, string]>([
    ['of a tenant that is not listed [Q-ENTRA-03]', { tid: foreign }, 'untouched', 'foreign'],
    ['of the tenant of private accounts [Q-ENTRA-05]', { tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }, 'untouched', 'foreign'],
    [
      'whose issuer is another tenant than tid [Q-ENTRA-04]',
      { tid: home },
      `https://login.microsoftonline.com/${foreign}/v2.0`,
      'untrustworthy',
    ],
    ['whose issuer is the template [Q-ENTRA-04]', { tid: home }, 'https://login.microsoftonline.com/{tenantid}/v2.0', 'untrustworthy'],
    ['that name no tenant [Q-ENTRA-04]', {}, 'https://login.microsoftonline.com//v2.0', 'untrustworthy'],
    ['whose tenant is a list', { tid: [home] }, `https://login.microsoftonline.com/${home}/v2.0`, 'untrustworthy'],
  ])('%s are refused', async (_what, claims, iss, refusal) => {
    const script = { claims: (honest: Json) => (iss === 'untouched' ? honest : { ...honest, iss }) };
    expect((await refusalOf(vendor().login({ sub: 's', oid, groups: [], ...claims }, script))).refusal).toBe(refusal);
  });

  it('with a signature of somebody else are refused there too', async () => {
    const login = vendor().login({ sub: 's', tid: home, oid, groups: [] }, { idToken: (token) => `${token.slice(0, -6)}AAAAAA` });
    expect((await refusalOf(login)).refusal).toBe('untrustworthy');
  });

  it.each<[string, Json]>([
    ['no object id', { oid: undefined }],
    ['an object id that is a list', { oid: [oid] }],
    ['an object id with a colon', { oid: `x:${oid}` }],
  ])('with %s name nobody', async (_what, more) => {
    const refused = await refusalOf(openVendor('entra', idp).login({ sub: 's', tid: home, oid, groups: [], ...more }));
    expect(refused.refusal).toBe('untrustworthy');
  });

  it.each<[string, Json, boolean, boolean]>([
    ['a guest by idp [Q-ENTRA-17]', { idp: 'live.com' }, false, false],
    ['a guest by acct [Q-ENTRA-17]', { acct: 1 }, false, false],
    ['a guest where guests may', { acct: 1, idp: 'live.com' }, true, true],
    ['a member who says so', { acct: 0, idp: `https://sts.windows.net/${home}/` }, false, true],
    ['a member who says nothing', {}, false, true],
  ])('%s', async (_what, claims, guests, comesIn) => {
    expect(await admits('entra', { tenant: home, guests }, { sub: 's', tid: home, oid, groups: [], ...claims })).toBe(comesIn);
  });

  it.each<[string, Json, Json, boolean]>([
    ['the attested context [Q-ENTRA-30]', { acrs: ['c1'], attested: true }, { acrs: ['c1'] }, true],
    ['one of several contexts [Q-ENTRA-31]', { acrs: ['c1'], attested: true }, { acrs: ['c7', 'c1'] }, true],
    ['a context nobody vouches for [Q-ENTRA-30]', { acrs: ['c1'] }, { acrs: ['c1'] }, false],
    ['the context as a text [Q-ENTRA-31]', { acrs: ['c1'], attested: true }, { acrs: 'c1' }, true],
    ['another context', { acrs: ['c1'], attested: true }, { acrs: ['c2'] }, false],
    ['a context in another claim [Q-ENTRA-32]', { acrs: ['c1'], attested: true }, { acr: 'c1', amr: ['mfa'] }, false],
    ['a context within a text [Q-ENTRA-31]', { acrs: ['c1'], attested: true }, { acrs: 'c1 c2' }, false],
    ['the context that cannot be phished', { acrs: ['c1'], attested: true, phishingResistant: { acrs: ['c2'] } }, { acrs: ['c2'] }, true],
  ])('prove a second factor by %s alone, or not [S3.07]', async (_what, mfa, claims, proven) => {
    const identity = await openVendor('entra', idp, { tenant: home, mfa }).login({ sub: 's', tid: home, oid, groups: [], ...claims });
    expect(identity.assurance.mfa).toBe(proven);
  });

  it.each<[string, unknown, string | null]>([
    ['the directory owns', true, 'ana@acme.example'],
    ['the directory owns, said as a text', 'true', 'ana@acme.example'],
    ['the directory owns, said as a number', 1, 'ana@acme.example'],
    ['the directory owns, said as a number in a text', '1', 'ana@acme.example'],
    ['nobody speaks for', undefined, null],
    ['the directory does not own', false, null],
  ])('show an address that %s, or none [Q-ENTRA-16]', async (_what, xms_edov, email) => {
    const claims = { sub: 's', tid: home, oid, groups: [], email: 'ana@acme.example', email_verified: true, xms_edov };
    expect((await openVendor('entra', idp).login(claims)).email).toBe(email);
  });

  it('are never hinted at while another account is to be chosen [Q-ENTRA-18]', async () => {
    const trip = attempt({ prompt: 'select_account', login_hint: 'ana@acme.example' });
    expect((await openVendor('entra', idp).asked(trip))['login_hint']).toBeUndefined();
    expect((await openVendor('okta', idp).asked(trip))['login_hint']).toBe('ana@acme.example');
    expect((await openVendor('entra', idp).asked({ ...trip, prompt: null }))['login_hint']).toBe('ana@acme.example');
  });
});

describe('Auth0 and Keycloak organizations [S3.05]', () => {
  it('are asked for, and read from the claims [Q-AUTH0-03] [Q-KEYCLOAK-06]', async () => {
    const auth0 = await openVendor('auth0', idp).asked();
    expect(auth0['organization']).toBe('org_9ybsU1dN2dKfDkBi');
    expect(openVendor('auth0', idp).issuer).toBe('https://acme.eu.auth0.example/');
    const keycloak = openVendor('keycloak', idp);
    expect((await keycloak.asked())['scope']).toBe('openid profile email organization:acme');
    expect(keycloak.issuer).toBe('https://sso.acme.example/realms/staff');
  });

  const byAlias = { baseUrl: 'https://sso.acme.example', realm: 'staff', organization: { alias: 'acme' } };
  const byId = { ...byAlias, organization: { alias: 'acme', id: 'id-1' } };
  it.each<[string, Json, unknown, boolean]>([
    ['an alias in a list', byAlias, ['beta', 'acme'], true],
    ['an alias as a key', byAlias, { acme: {} }, true],
    ['an alias in another case', byAlias, ['ACME'], false],
    ['a text', byAlias, 'acme', false],
    ['an inherited name', { ...byAlias, organization: { alias: 'constructor' } }, {}, false],
    ['the id under the alias', byId, { acme: { id: 'id-1' } }, true],
    ['another id under the alias [Q-KEYCLOAK-08]', byId, { acme: { id: 'id-2' } }, false],
    ['the id under another alias', byId, { beta: { id: 'id-1' } }, false],
    ['the alias without an id [Q-KEYCLOAK-08]', byId, ['acme'], false],
  ])('of Keycloak by %s [Q-KEYCLOAK-07]', async (_what, settings, organization, comesIn) => {
    expect(await admits('keycloak', settings, { sub: '1', groups: [], organization })).toBe(comesIn);
  });
});

describe('what an administrator may add to the request', () => {
  it('is a hint of the vendor’s, and never takes the place of ours [Q-KEYCLOAK-16]', async () => {
    const given = { ...kindOf('keycloak').example, authorizationParameters: { kc_idp_hint: 'corp' } };
    expect((await openVendor('keycloak', idp, given).asked())['kc_idp_hint']).toBe('corp');
    for (const name of ['redirect_uri', 'scope', 'claims', 'organization', 'prompt']) {
      const bad = { ...kindOf('keycloak').example, authorizationParameters: { [name]: 'x' } };
      expect(() => openVendor('keycloak', idp, bad)).toThrow();
    }
  });

  it('is not asked of who says that it reads no claims parameter [Q-OIDC-08]', async () => {
    const vendor = openVendor('google', idp);
    await vendor.login({ sub: '1', hd: 'acme.example' }, { discovery: (document) => ({ ...document, claims_parameter_supported: false }) });
    const trip = attempt({ demand: secondFactor.demand });
    expect((await vendor.connector.begin(trip)).searchParams.has('claims')).toBe(false);
  });

  it('is auth_time where a fresh login is wanted of Google, which gives it only when asked [Q-GOOGLE-18]', async () => {
    const asked = await openVendor('google', idp).asked(attempt({ prompt: 'login' }));
    expect(JSON.parse(asked['claims'] ?? '')).toEqual({ id_token: { auth_time: { essential: true } } });
  });
});

describe('what has to be asked again after the sign-in', () => {
  const askedOf = async (type: string, client: Record<string, unknown>, how = {}) => {
    const { scope = '', access_type, prompt } = await openVendor(type, idp, undefined, client).asked(attempt(how));
    return { offline: scope.split(' ').includes('offline_access'), access_type, prompt };
  };
  const nothing = { offline: false };

  it.each<[string, object]>([
    ['entra', { offline: true }],
    ['okta', { offline: true }],
    ['auth0', { offline: true }],
    ['keycloak', { offline: true }],
    ['google', { offline: false, access_type: 'offline', prompt: 'consent' }],
    // What brings it is for the administrator to say.
    ['oidc', nothing],
  ])(
    '%s is asked for a refresh token the way it understands, and only then [Q-GOOGLE-09] [Q-ENTRA-25] [Q-OKTA-20] [Q-AUTH0-13] [Q-KEYCLOAK-13]',
    async (type, expected) => {
      expect(await askedOf(type, { isAskedAgain: true })).toEqual(expected);
      expect(await askedOf(type, {})).toEqual(nothing);
    },
  );

  it('keeps what else the page is to ask', async () => {
    expect((await askedOf('google', { isAskedAgain: true }, { prompt: 'select_account' })).prompt).toBe('select_account consent');
    expect((await askedOf('entra', { isAskedAgain: true }, { prompt: 'select_account' })).prompt).toBe('select_account');
    expect((await askedOf('google', { isAskedAgain: true }, { afresh: true })).prompt).toBe('login consent');
  });
});
