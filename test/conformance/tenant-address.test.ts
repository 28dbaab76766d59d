import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents, grants, transactions } from '../../src/stores/collections.ts';
import { RoleId } from '../../src/domain/ids.ts';
import { wordsOf } from '../support/browser.ts';
import { authorizeUrl, callTool, claimsOf, login, openBrowser, pkce, postJson, refresh, register, signIn } from '../support/client.ts';
import type { TestClient, Tokens } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import { begin, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { ask, effectsOf, expectError, kindOf } from '../support/wire.ts';

let system: TwoIdps;
let client: TestClient;
beforeAll(async () => {
  // Acme is reached through Alpha and the demonstration alone; the others by whoever is in the groups.
  system = await startWithTwoIdps({
    configure: (config) => ({
      ...config,
      tenants: config.tenants.map((tenant) => {
        if (tenant.id !== 'acme') return tenant;
        const [demo, alpha] = config.connections;
        const through = [demo, alpha].flatMap((connection) => (connection === undefined ? [] : [connection.id]));
        return { ...tenant, rules: through.map((connection) => ({ connection, group: 'eng', role: RoleId.parse('editor') })) };
      }),
    }),
  });
  client = await register(system);
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
});

const at = (tenant: string): string => `${system.issuer}/t/${tenant}/mcp`;
const inTenant = (tenant: string, how: Parameters<typeof login>[1] = {}) =>
  login(system, { client, changes: { resource: at(tenant) }, ...how });
const statusOf = async (mcp: string, token: string): Promise<number> => (await callTool({ mcp }, token, 'whoami')).status;

describe('the address of a tenant', () => {
  it('[G1.09] [A1.07] is a resource of its own: challenge, metadata and audience name exactly it', async () => {
    const bare = await postJson(at('acme'), {});
    const metadata = /resource_metadata="([^"]+)"/.exec(bare.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    expect([bare.status, metadata]).toEqual([401, `${system.issuer}/.well-known/oauth-protected-resource/t/acme/mcp`]);
    const document = (await (await fetch(metadata)).json()) as Record<string, unknown>;
    expect(document).toMatchObject({ resource: at('acme'), authorization_servers: [system.issuer], resource_name: 'Demo Notes' });
    const { tokens } = await inTenant('acme');
    expect(claimsOf(tokens.access_token)).toMatchObject({ aud: at('acme'), tenant: 'acme' });
    expect(await statusOf(at('acme'), tokens.access_token)).toBe(200);
  });

  it('tells the server behind it which tenant it is, as ever', async () => {
    const { tokens } = await inTenant('acme');
    const answer = await (await callTool({ mcp: at('acme') }, tokens.access_token, 'whoami')).text();
    expect(answer).toContain('acme');
  });

  it('[A7.04] [W17] [W72] has tokens that are good there and nowhere else, and takes none from elsewhere', async () => {
    const acme = (await inTenant('acme')).tokens.access_token;
    const globex = (await inTenant('globex', { scope: ['read'] })).tokens.access_token;
    const plain = (await login(system, { client, tenant: 'acme' })).tokens.access_token;
    expect(claimsOf(globex)).toMatchObject({ aud: at('globex'), tenant: 'globex' });
    expect(claimsOf(plain)).toMatchObject({ aud: system.mcp, tenant: 'acme' });
    const places = [system.mcp, at('acme'), at('globex'), at('initech')];
    const opened = await Promise.all([plain, acme, globex].map((token) => Promise.all(places.map((mcp) => statusOf(mcp, token)))));
    expect(opened).toEqual([
      [200, 401, 401, 401],
      [401, 200, 401, 401],
      [401, 401, 200, 401],
    ]);
  });

  it('[A7.05] [W72] keeps its address and tenant over a refresh, for which no other may be named', async () => {
    const { tokens } = await inTenant('acme');
    for (const resource of [system.mcp, at('globex'), system.issuer]) {
      const answer = await refresh(system, client, tokens.refresh_token, { resource });
      expect([resource, answer.status, await answer.json()]).toEqual([resource, 400, expect.objectContaining({ error: 'invalid_target' })]);
    }
    const answer = await refresh(system, client, tokens.refresh_token, { resource: at('acme') });
    const next = (await answer.json()) as Tokens;
    expect(claimsOf(next.access_token)).toMatchObject({ aud: at('acme'), tenant: 'acme' });
  });

  it('is not among the resources listed to everybody', async () => {
    const document = (await (await fetch(`${system.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>;
    expect(document['protected_resources']).toEqual([system.mcp]);
    expect(await (await fetch(system.issuer)).text()).not.toContain('/t/acme');
  });

  it('[W181] of no tenant is a path like any other that is not there, for every method and for its metadata', async () => {
    const others = [
      '/t/nobody/mcp',
      '/t/ACME/mcp',
      '/t/acme/',
      '/t/acme',
      '/t/acme/mcp/',
      '/t//mcp',
      '/t/%61cme/mcp',
      '/t/acme/../acme/mcp',
    ];
    for (const method of ['POST', 'GET', 'DELETE']) {
      const known = await ask(`${system.issuer}/no/such/path`, { method });
      for (const path of others.slice(0, -1)) {
        const answer = await ask(`${system.issuer}${path}`, { method });
        expect([path, answer.status, answer.headers.get('www-authenticate'), answer.body]).toEqual([path, 404, null, known.body]);
      }
    }
    const known = await ask(`${system.issuer}/.well-known/oauth-protected-resource/no`);
    const unknown = await ask(`${system.issuer}/.well-known/oauth-protected-resource/t/nobody/mcp`);
    expect([unknown.status, unknown.body]).toEqual([404, known.body]);
    await expectError(system, authorizeUrl(system, client, pkce(), { resource: at('nobody') }), 'invalid_target');
    await expectError(system, authorizeUrl(system, client, pkce(), { resource: `${at('acme')}/` }), 'invalid_target');
  });
});

describe('a sign-in for one tenant', () => {
  const doors = (body: string): string[] => [...body.matchAll(/action="\/login\/([a-z]+)"/g)].map((match) => match[1] ?? '');

  it('offers only the ways that lead into it, and no other can be pressed', async () => {
    const { browser, path, id } = await begin(system, { client, changes: { resource: at('acme') } });
    expect(doors(browser.page.body)).toEqual(['demo', 'alpha']);
    const fields = new URLSearchParams(browser.form('/login/alpha').fields);
    const before = await system.engine.get(transactions, id);
    const refused = await browser.post(`${system.issuer}/login/beta`, fields);
    expect([refused.status, kindOf(refused.body)]).toEqual([404, 'not-found']);
    expect(await system.engine.get(transactions, id)).toEqual(before);
    await browser.get(path);
    await browser.submit({}, { form: '/login/alpha' });
    expect(wordsOf(browser.page.body)).toContain('In this workspace');
    const anywhere = await begin(system, { client });
    expect(doors(anywhere.browser.page.body)).toEqual(['demo', 'alpha', 'beta']);
  });

  it('[W77] shows the workspace without a choice, and no form can choose another', async () => {
    const { browser, path, id } = await begin(system, { client, changes: { resource: at('acme') } });
    const page = await browser.submit({}, { form: '/login/alpha' });
    expect(page.forms.filter(({ action }) => action.pathname === `${path}/tenant`)).toEqual([]);
    expect(wordsOf(page.body)).toContain('Acme · you are an Editor here');
    expect(page.body).not.toContain('Globex');
    const fields = new URLSearchParams(browser.form('/consent').fields);
    const before = await effectsOf(system);
    const switched = new URLSearchParams(fields);
    switched.set('tenant', 'globex');
    const refused = await browser.post(`${system.issuer}${path}/tenant`, switched);
    expect([refused.status, kindOf(refused.body)]).toEqual([403, 'no-access']);
    // Ana is in Globex too, so only the address of the request keeps her out of it here.
    const forged = new URLSearchParams(fields);
    forged.set('shown_tenant', 'globex');
    forged.append('scope', 'read');
    forged.append('decision', 'approve');
    const again = await browser.post(`${system.issuer}${path}/consent`, forged);
    expect(again.location).toBeNull();
    expect(wordsOf(again.body)).toContain('Your access or the choice of workspace is not what it was');
    expect(await effectsOf(system)).toEqual(before);
    await browser.submit({ scope: 'read' }, { form: '/consent', press: 'Approve' });
    expect(browser.location?.searchParams.has('code')).toBe(true);
    const [grant] = (await rowsOf(system, grants)).slice(-1);
    const approved = (await rowsOf(system, auditEvents))
      .map((row) => row['event'] as Record<string, unknown>)
      .filter((event) => event['event'] === 'consent.approved');
    expect(approved.at(-1)).toMatchObject({ tenantId: 'acme', resource: at('acme') });
    expect(grant).toBeDefined();
    expect(await system.engine.get(transactions, id)).toMatchObject({ stage: { at: 'approved', tenantId: 'acme' } });
  });

  it('says to whoever is not in it that they have no access there, by name, and offers another account', async () => {
    const browser = openBrowser();
    await browser.get(authorizeUrl(system, client, pkce(), { resource: at('acme') }));
    const before = await effectsOf(system);
    await signIn(browser, 'bob');
    expect([browser.page.status, kindOf(browser.page.body)]).toEqual([403, 'no-access']);
    const words = wordsOf(browser.page.body);
    expect(words).toContain('You have no access to Demo Notes in the workspace Acme yet');
    expect(words).toContain('Sign in with another account');
    expect(await effectsOf(system)).toEqual(before);
    // The same person at the address without a tenant goes to the one they are in.
    expect(claimsOf((await login(system, { client, login: 'bob', scope: ['read'] })).tokens.access_token)).toMatchObject({
      tenant: 'globex',
    });
  });

  it('asks for the second factor its tenant demands, although another tenant would not', async () => {
    const { tokens } = await inTenant('globex', { scope: ['read'] });
    expect(claimsOf(tokens.access_token)).toMatchObject({ tenant: 'globex', acr: 'urn:drawbridge:acr:mfa' });
    // With the form that follows a missing second factor the same tenant can be tried again, and only that.
    system.alpha.script = { claims: (honest) => ({ ...honest, acr: 'plain' }) };
    const { browser, path } = await begin(system, { client, changes: { resource: at('globex') } });
    const page = await browser.submit({}, { form: '/login/alpha' });
    expect(kindOf(page.body)).toBe('second-factor-unproven');
    const fields = new URLSearchParams(browser.form(`${path}/tenant`).fields);
    expect(fields.get('tenant')).toBe('globex');
    fields.set('tenant', 'acme');
    const refused = await browser.post(`${system.issuer}${path}/tenant`, fields);
    expect([refused.status, kindOf(refused.body)]).toEqual([403, 'no-access']);
  });
});

describe('an operator who wants no addresses of tenants', () => {
  it('has none, nor do the tokens made for them go on', async () => {
    const alone = await startSystem();
    try {
      const acme = `${alone.mcp.replace('/mcp', '')}/t/acme/mcp`;
      const inAcme = await login(alone, { changes: { resource: acme } });
      const plain = await login(alone);
      await alone.restart((config) => ({ ...config, tenantAddresses: false }));
      expect(await statusOf(acme, inAcme.tokens.access_token)).toBe(404);
      expect(await statusOf(alone.mcp, inAcme.tokens.access_token)).toBe(401);
      expect((await refresh(alone, inAcme.client, inAcme.tokens.refresh_token)).status).toBe(400);
      expect(await statusOf(alone.mcp, plain.tokens.access_token)).toBe(200);
    } finally {
      await alone.close();
    }
  });
});
