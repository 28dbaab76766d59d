import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openOidcConnector } from '../../src/connectors/oidc.ts';
import { openGuardedFetch } from '../../src/platform/guarded-fetch.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt, clock, connectorTo, login, refusalOf, settingsFor } from './support.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { nothingProven } from '../support/assurance.ts';

let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp({
    person: { sub: 'person-1', email: 'ana@corp.example', name: 'Ana \u202eeve', groups: ['eng', 'eng'], amr: ['pwd'] },
  });
});
afterAll(async () => idp.close());

describe('a login at an OpenID provider', () => {
  it('yields the verified identity', async () => {
    expect(await login(connectorTo(idp), idp)).toEqual({
      connectionId: 'corp',
      issuer: idp.issuer,
      subject: 'person-1',
      email: 'ana@corp.example',
      name: 'Ana eve',
      groups: ['eng'],
      assurance: { ...nothingProven, amr: ['pwd'], amrAsSaid: ['pwd'] },
      session: { refresh_token: null, sid: null },
      said: [{ from: 'ID token', claims: expect.objectContaining({ iss: idp.issuer, sub: 'person-1' }) }],
    });
  });

  it('sends every defence of its own: PKCE S256, nonce, state, exact callback, configured client authentication [W55] [S3.03] [Q-LIB-03] [Q-OIDC-02]', async () => {
    const trip = attempt({ login_hint: 'ana@corp.example', prompt: 'select_account' });
    await login(connectorTo(idp, { scopes: ['email'] }), idp, {}, trip);
    const asked = Object.fromEntries(idp.requests.findLast((request) => request.path === '/authorize')?.query ?? []);
    expect(asked).toEqual({
      client_id: 'drawbridge',
      response_type: 'code',
      redirect_uri: 'http://localhost:4000/login/corp/callback',
      scope: 'openid email',
      state: trip.state,
      nonce: trip.nonce,
      code_challenge: createHash('sha256').update(trip.code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
      prompt: 'select_account',
      login_hint: 'ana@corp.example',
    });
    const exchange = idp.requests.findLast((request) => request.path === '/token');
    const form = new URLSearchParams(exchange?.body);
    expect(form.get('code_verifier')).toBe(trip.code_verifier);
    expect(form.get('redirect_uri')).toBe('http://localhost:4000/login/corp/callback');
    expect(exchange?.headers.authorization).toBe(`Basic ${Buffer.from('drawbridge:CNRYclientsecret').toString('base64')}`);
    expect(form.has('client_secret')).toBe(false);
  });

  it('authenticates by post or not at all when so configured [W55] [Q-LIB-02]', async () => {
    await login(connectorTo(idp, { tokenEndpointAuthMethod: 'client_secret_post' }), idp);
    const posted = idp.requests.findLast((request) => request.path === '/token');
    expect(new URLSearchParams(posted?.body).get('client_secret')).toBe('CNRYclientsecret');
    expect(posted?.headers.authorization).toBeUndefined();
    const open = await openHostileIdp({ client_secret: null });
    await login(connectorTo(open), open).finally(async () => open.close());
    expect(open.count('/token')).toBe(1);
    expect(() => connectorTo(idp, { client_secret: null })).toThrow(/client_secret/);
  });

  it('cannot be given the code of another flow [W55]', async () => {
    const connector = connectorTo(idp);
    idp.script = {};
    const [mine, theirs] = [attempt(), attempt()];
    const stolen = idp.visit(await connector.begin(theirs)).get('code') ?? '';
    const answer = idp.visit(await connector.begin(mine));
    const swapped = new URLSearchParams(answer);
    swapped.set('code', stolen);
    expect(await refusalOf(connector.complete(swapped, mine))).toEqual({
      refusal: 'untrustworthy',
      reason: 'login: invalid_grant with status 400',
    });
    expect((await connector.complete(answer, mine)).subject).toBe('person-1');
  });

  it('goes through the guarded way out, which lets nothing reach this machine in production [Q-OIDC-15]', async () => {
    const through = (loopback: boolean) => openOidcConnector(settingsFor(idp), { clock, ...openGuardedFetch({ loopback }) });
    expect((await login(through(true), idp)).subject).toBe('person-1');
    const before = idp.requests.length;
    expect(await refusalOf(login(through(false), idp))).toEqual({ refusal: 'unreachable', reason: 'discovery: URL_NOT_ALLOWED' });
    expect(idp.requests).toHaveLength(before);
  });

  it('may ask userinfo for what the ID token lacks, about the same subject only [S3.11] [Q-LIB-14] [Q-OIDC-13]', async () => {
    const thin = { claims: ({ groups: _g, ...rest }: Record<string, unknown>) => rest };
    expect((await login(connectorTo(idp), idp, thin)).groups).toBeNull();
    const asking = connectorTo(idp, { userinfo: true });
    expect((await login(asking, idp, { ...thin, userinfo: (claims) => ({ ...claims, amr: ['mfa'] }) })).groups).toEqual(['eng']);
    const other = await refusalOf(login(asking, idp, { userinfo: (claims) => ({ ...claims, sub: 'person-2' }) }));
    expect(other.refusal).toBe('untrustworthy');
  });
});

describe('assurance', () => {
  const now = Math.floor(Date.now() / 1000);
  it('is asked for in both ways and judged by the ID token alone [S3.07]', async () => {
    const connector = connectorTo(idp, { userinfo: true });
    const trip = attempt({ demand: { ...noDemand, mfa: true } });
    const without = await login(connector, idp, { userinfo: (claims) => ({ ...claims, amr: ['mfa'], acr: 'urn:example:2fa' }) }, trip);
    const asked = idp.requests.findLast((request) => request.path === '/authorize')?.query;
    expect(asked?.get('acr_values')).toBe('urn:example:2fa');
    expect(JSON.parse(asked?.get('claims') ?? '')).toEqual({
      id_token: { acr: { essential: true, values: ['urn:example:2fa'] }, amr: { essential: true } },
    });
    expect(without.assurance).toMatchObject({ mfa: false, evidence: [] });
    const byAcr = await login(connector, idp, { claims: (claims) => ({ ...claims, acr: 'urn:example:2fa' }) });
    expect(byAcr.assurance).toMatchObject({ mfa: true, evidence: ['acr=urn:example:2fa'] });
    const byAmr = await login(connector, idp, { claims: (claims) => ({ ...claims, amr: [{ method: 'mfa', timestamp: 1 }, 'pwd'] }) });
    expect(byAmr.assurance).toMatchObject({ mfa: true, amr: ['mfa', 'pwd'] });
  });

  const phishingResistant = { acr: ['phr', 'phrh'], amr: ['hwk'] };
  const asking = async (mfa: Parameters<typeof connectorTo>[1], demand: object): Promise<URLSearchParams | undefined> => {
    await login(connectorTo(idp, mfa), idp, {}, attempt({ demand: { ...noDemand, ...demand } }));
    return idp.requests.findLast((request) => request.path === '/authorize')?.query;
  };

  it('that cannot be phished is asked for by what would prove it, and by what there is where nothing would [S3.07]', async () => {
    const mfa = { acr_values: ['urn:example:2fa'], acr: ['urn:example:2fa', 'phr', 'phrh'], amr: [], phishingResistant };
    const strong = await asking({ mfa }, { phishingResistant: true });
    expect(strong?.get('acr_values')).toBe('phr phrh');
    const id_token = { acr: { essential: true, values: ['phr', 'phrh'] }, amr: { essential: true } };
    expect(JSON.parse(strong?.get('claims') ?? '')).toEqual({ id_token });
    expect((await asking({ mfa }, { mfa: true }))?.get('acr_values')).toBe('urn:example:2fa');
    expect((await asking({}, { phishingResistant: true }))?.get('acr_values')).toBe('urn:example:2fa');
    const claims = (said: object) => ({ claims: (honest: Record<string, unknown>) => ({ ...honest, ...said }) });
    const proven = await login(connectorTo(idp, { mfa }), idp, claims({ acr: 'phrh' }));
    expect(proven.assurance).toMatchObject({ mfa: true, phishingResistant: true, acr: 'phrh' });
    const other = await login(connectorTo(idp, { mfa }), idp, claims({ acr: 'urn:example:2fa' }));
    expect(other.assurance).toMatchObject({ mfa: true, phishingResistant: false });
  });

  it.each([
    [{ maxAge: 900 }, {}, null, '900'],
    [{ maxAge: 900 }, { afresh: true }, 'login', '900'],
    [{ maxAge: 900 }, { prompt: 'login' as const }, 'login', '0'],
    [{ maxAge: 900 }, { prompt: 'select_account' as const }, 'select_account', '900'],
    [{}, { prompt: 'login' as const }, 'login', '0'],
    [{}, {}, null, null],
  ])('of an age is asked for: %j with %j', async (demand, how, ...sent) => {
    const trip = attempt({ ...how, demand: { ...noDemand, ...demand } });
    await login(connectorTo(idp), idp, { claims: (claims) => ({ ...claims, auth_time: now }) }, trip);
    const query = idp.requests.findLast((request) => request.path === '/authorize')?.query;
    expect([query?.get('prompt'), query?.get('max_age')]).toEqual(sent);
  });

  it.each<[string, Record<string, unknown>, number | null, string | null]>([
    ['in the token', { auth_time: now - 5, amr: [{ method: 'totp', timestamp: now }] }, now - 5, 'id_token'],
    [
      'with its methods [Q-MFA-10]',
      {
        amr: [
          { method: 'pwd', timestamp: now - 9 },
          { method: 'totp', timestamp: now - 3 },
        ],
      },
      now - 3,
      'amr_timestamp',
    ],
    ['with what is no method', { amr: [{ method: 'token_refresh', timestamp: now }] }, null, null],
    ['with a time to come', { amr: [{ method: 'totp', timestamp: now + 600 }] }, null, null],
    [
      'with a time that is none',
      {
        amr: [
          { method: 'totp', timestamp: String(now) },
          { method: 'pwd', timestamp: -1 },
        ],
      },
      null,
      null,
    ],
    ['as the year 1970', { auth_time: 0 }, null, null],
    ['nowhere: when the token was made is no such time [Q-MFA-09]', { iat: now }, null, null],
  ])('was given when the upstream says so: %s', async (_, said, auth_time, authTimeSource) => {
    const found = await login(connectorTo(idp), idp, { claims: ({ auth_time: _own, ...claims }) => ({ ...claims, ...said }) });
    expect(found.assurance).toMatchObject({ auth_time, authTimeSource });
  });

  it.each([
    ['absent', undefined],
    ['0, which means unknown [Q-LIB-09]', 0],
    ['negative', -1],
    ['of this morning', now - 4 * 3600],
    ['in the future', now + 600],
    ['text', String(now)],
  ])('is not fresh when auth_time is %s', async (_what, auth_time) => {
    const fresh = attempt({ prompt: 'login' });
    const honest = await login(connectorTo(idp), idp, { claims: (claims) => ({ ...claims, auth_time: now - 30 }) }, fresh);
    expect(honest.assurance.auth_time).toBe(now - 30);
    expect(idp.requests.findLast((request) => request.path === '/authorize')?.query.get('max_age')).toBe('0');
    const stale = login(connectorTo(idp), idp, { claims: (claims) => ({ ...claims, auth_time }) }, attempt({ prompt: 'login' }));
    expect((await refusalOf(stale)).refusal).toBe('untrustworthy');
  });
});

describe('groups', () => {
  it.each<[string, object, readonly string[] | null]>([
    ['a list [Q-OIDC-10]', { groups: ['a', 'b'] }, ['a', 'b']],
    ['a single one [Q-OIDC-10]', { groups: 'a' }, ['a']],
    ['an empty list', { groups: [] }, []],
    ['absent', { groups: undefined }, null],
    ['not text [Q-OIDC-14]', { groups: ['a', 7] }, null],
    ['an object [Q-OIDC-10]', { groups: { a: true } }, null],
    ['too many [Q-OIDC-14]', { groups: Array.from({ length: 2001 }, (_, i) => `g${String(i)}`) }, null],
    ['too long', { groups: ['a'.repeat(257)] }, null],
    ['elsewhere', { groups: ['a'], _claim_names: { groups: 'src1' } }, null],
    ['too many to say', { groups: ['a'], hasgroups: true }, null],
  ])('%s', async (_what, claims, groups) => {
    expect((await login(connectorTo(idp), idp, { claims: (honest) => ({ ...honest, ...claims }) })).groups).toEqual(groups);
  });

  it('are found by JSON pointer, and none when the connection conveys none [Q-OIDC-11]', async () => {
    const claims = (honest: Record<string, unknown>) => ({ ...honest, 'https://corp.example/app': { roles: ['ops'] } });
    const nested = connectorTo(idp, { claims: { groups: '/https:~1~1corp.example~1app/roles' } });
    expect((await login(nested, idp, { claims })).groups).toEqual(['ops']);
    expect((await login(connectorTo(idp, { claims: {} }), idp, { claims })).groups).toEqual([]);
    expect((await login(connectorTo(idp, { claims: { groups: '/__proto__' } }), idp, { claims })).groups).toBeNull();
  });

  it('and an e-mail address the upstream calls unverified is not shown', async () => {
    expect((await login(connectorTo(idp), idp, { claims: (honest) => ({ ...honest, email_verified: false }) })).email).toBeNull();
  });
});
