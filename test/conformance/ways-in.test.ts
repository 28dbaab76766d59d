import { afterEach, describe, expect, it } from '@jest/globals';
import { authorizeUrl, claimsOf, login, openBrowser, pkce, postJson, register } from '../support/client.ts';
import { countOf } from '../support/wire.ts';
import { transactions } from '../../src/stores/collections.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
afterEach(() => system.close());

const known = {
  client_id: 'known-app',
  client_name: 'Known app',
  redirect_uris: ['http://127.0.0.1:9876/callback'],
  token_endpoint_auth_method: 'none' as const,
};
const knownClient = { client_id: known.client_id, redirect_uri: 'http://127.0.0.1:9876/callback' };

describe('what an organisation may close and choose', () => {
  it('[A1.13] [A2.01] without self-registration there is no endpoint, and identifiers it once gave name nobody', async () => {
    system = await startSystem();
    const { client_id } = await register(system);
    const key = system.masterKey;
    await system.close();
    system = await startSystem({
      configure: (config) => ({ ...config, key, clients: [known], registration: { dynamic: false, documents: true } }),
    });
    expect((await postJson(`${system.issuer}/register`, { redirect_uris: ['http://127.0.0.1:1/cb'] })).status).toBe(404);
    const metadata = (await (await fetch(`${system.issuer}/.well-known/oauth-authorization-server`)).json()) as object;
    expect(metadata).not.toHaveProperty('registration_endpoint');
    const browser = openBrowser();
    await browser.get(authorizeUrl(system, { ...knownClient, client_id }, pkce()));
    expect(browser.page.status).toBe(400);
    expect((await login(system, { client: knownClient })).tokens.scope).toBe('read write');
  });

  it('an app the organisation added says so instead of being unverified', async () => {
    system = await startSystem({ configure: (config) => ({ ...config, clients: [known] }) });
    const browser = openBrowser();
    await browser.get(authorizeUrl(system, knownClient, pkce()));
    expect(browser.page.body).toContain('Added by your company');
    expect(browser.page.body).not.toContain('Not verified');
    await browser.get(authorizeUrl(system, await register(system), pkce()));
    expect(browser.page.body).toContain('Not verified');
  });

  it('[A10.07] signs with RS256 where a resource server needs it', async () => {
    system = await startSystem({ configure: (config) => ({ ...config, signingAlgorithm: 'RS256' }) });
    const { tokens } = await login(system);
    expect(JSON.parse(Buffer.from(tokens.access_token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      alg: 'RS256',
      typ: 'at+jwt',
    });
    expect(claimsOf(tokens.access_token)).toMatchObject({ iss: system.issuer });
  });

  it('looking with HEAD begins nothing', async () => {
    system = await startSystem();
    const url = authorizeUrl(system, await register(system), pkce());
    expect((await fetch(url, { method: 'HEAD', redirect: 'manual' })).status).toBe(204);
    expect(await countOf(system, transactions)).toBe(0);
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303);
    expect(await countOf(system, transactions)).toBe(1);
  });

  it('says offline_access only with a refresh token', async () => {
    system = await startSystem();
    const client = await register(system, { grant_types: ['authorization_code'] });
    const { tokens } = await login(system, { client, changes: { scope: 'read offline_access' }, scope: ['read'] });
    expect(tokens.scope).toBe('read');
    expect(tokens).not.toHaveProperty('refresh_token');
    const other = await login(system, { changes: { scope: 'read offline_access' }, scope: ['read'] });
    expect(other.tokens.scope).toBe('read offline_access');
    expect(other.tokens.refresh_token).toMatch(/^db_rt_/);
  });
});
