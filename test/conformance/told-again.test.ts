/** What oidc-provider itself says of somebody at a refresh: a claim that is gone there is gone at the gateway, within a second of the renewal. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RoleId } from '../../src/domain/ids.ts';
import { identities } from '../../src/stores/collections.ts';
import { callTool, refresh, type SignedIn, type Tokens } from '../support/client.ts';
import { freePorts } from '../support/free-ports.ts';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { signingClient } from '../support/signing-client.ts';
import { startSystem, type System } from '../support/system.ts';
import { begin, finishConsent, linesOf, rowsOf } from '../support/two-idps.ts';

describe.each([
  ['in the ID token', { claimsAtUserinfo: false, userinfo: false }],
  ['at userinfo', { claimsAtUserinfo: true, userinfo: true }],
])('a provider that says it %s', (_where, { claimsAtUserinfo, userinfo }) => {
  let system: System;
  let idp: RealIdp;
  beforeAll(async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const port = await freePorts();
    const { clientKey, connection } = await signingClient(port);
    let issuer = '';
    system = await startSystem({
      configure: (config) => {
        ({ issuer } = config);
        const real = connection({
          userinfo,
          recheck: { afterSeconds: 0, graceSeconds: 3600 },
        });
        const sales = { where: [{ claim: '/department', is: ['sales'] }], role: RoleId.parse('viewer') };
        const tenants = config.tenants.map((tenant) => ({
          ...tenant,
          requireMfa: false,
          rules: tenant.id === 'acme' ? [sales, { group: 'eng', role: RoleId.parse('editor') }] : [],
        }));
        return { ...config, connections: [...config.connections, real], tenants };
      },
    });
    idp = await openRealIdp({ clientKey, port, redirect_uri: `${issuer}/callback/real`, claimsAtUserinfo });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await Promise.all([system.close(), idp.close()]);
  });
  beforeEach(() => {
    idp.signsIn = { accountId: `person-${Math.random()}` };
    idp.isDown = false;
  });

  async function signedIn(person: RealIdp['person']): Promise<SignedIn> {
    idp.person = person;
    const begun = await begin(system);
    await begun.browser.submit({}, { form: '/login/real' });
    return finishConsent(system, begun);
  }
  const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;
  async function renewed(who: SignedIn): Promise<number> {
    const response = await refresh(system, who.client, who.tokens.refresh_token);
    if (response.status === 200) Object.assign(who, { tokens: (await response.json()) as Tokens });
    return response.status;
  }
  /** How long (ms) after the renewal the token of before is still good. */
  async function refusedAfter(who: SignedIn): Promise<number> {
    const began = performance.now();
    while ((await works(who)) !== 401) if (performance.now() - began > 5_000) throw new Error('still answered after five seconds');
    return performance.now() - began;
  }

  it('a claim that gives the role stays while it is told, and takes the role with it when it is gone [W71] [W128] [Q-ANY-23]', async () => {
    const who = await signedIn({ groups: [], department: 'sales' });
    for (let round = 0; round < 2; round += 1) expect([await renewed(who), await works(who)]).toEqual([200, 200]);
    idp.person = { groups: [] };
    expect(await works(who)).toBe(200);
    expect(await renewed(who)).toBe(400);
    expect(await refusedAfter(who)).toBeLessThan(1_000);
    expect(JSON.stringify(await rowsOf(system, identities))).toContain('"/department":[]');
  });

  it('a claim that says something else counts at once, and as soon as it says so again gives the role back', async () => {
    const who = await signedIn({ groups: [], department: 'sales' });
    idp.person = { groups: [], department: 'finance' };
    expect(await renewed(who)).toBe(400);
    expect(await refusedAfter(who)).toBeLessThan(1_000);
    idp.person = { groups: [], department: 'sales' };
    expect([await renewed(who), await works(who)]).toEqual([200, 200]);
  });

  it('a group that is gone does too, and one that is left keeps what it gives', async () => {
    const [who, other] = [await signedIn({ groups: ['eng'] }), await signedIn({ groups: ['eng'], department: 'sales' })];
    idp.person = { groups: [], department: 'sales' };
    expect([await renewed(other), await works(other)]).toEqual([200, 200]);
    idp.person = { groups: [] };
    expect(await renewed(who)).toBe(400);
    expect(await refusedAfter(who)).toBeLessThan(1_000);
  });

  it('groups that it does not tell any more are gone by for the grace, and the log says so', async () => {
    const who = await signedIn({ groups: ['eng'] });
    idp.person = { department: 'finance' };
    expect([await renewed(who), await works(who)]).toEqual([200, 200]);
    expect(linesOf(system).findLast(({ event }) => event === 'upstream.last-known')).toMatchObject({ connection: 'real' });
    idp.person = { groups: [] };
    expect(await renewed(who)).toBe(400);
  });
});
