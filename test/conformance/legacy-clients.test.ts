import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { discoverOAuthProtectedResourceMetadata, discoverOAuthServerInfo } from '@modelcontextprotocol/sdk/client/auth.js';
import { Browser } from '../support/browser.ts';
import type { Tokens } from '../support/client.ts';
import { authorizeUrl, callTool, claimsOf, consent, openBrowser, pkce, postJson, redeem, refresh, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { expectBegun, expectError } from '../support/wire.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

/** A client that knows 2025-03-26 and nothing later: no resource, no metadata of resources, no application type, no `iss`. */
async function oldLogin(endpoints: { authorize: string; token: string; register: string }): Promise<Tokens> {
  const redirect_uri = 'http://localhost:9876/callback';
  const registered = await postJson(endpoints.register, {
    redirect_uris: [redirect_uri],
    client_name: 'Old',
    token_endpoint_auth_method: 'none',
  });
  const { client_id } = (await registered.json()) as { client_id: string };
  const verifier = 'v'.repeat(64);
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const url = new URL(endpoints.authorize);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    code_challenge,
    code_challenge_method: 'S256',
  }).toString();
  const browser = new Browser({
    portsShareCookies: true,
    stopAt: ({ port }) => port === '9876',
  });
  const back = await consent(browser, url);
  expect(back.searchParams.has('state')).toBe(false);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id,
    redirect_uri,
    code: back.searchParams.get('code') ?? '',
    code_verifier: verifier,
  });
  const response = await fetch(endpoints.token, { method: 'POST', body });
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
}

describe('a client of 2025-03-26', () => {
  it('[B1.01] [B1.03] [B1.04] [B1.05] [A7.07] finds everything at the root of the server’s origin, and gets a token for the server', async () => {
    const { origin } = new URL(system.mcp);
    const headers = { 'MCP-Protocol-Version': '2025-03-26' };
    const found = (await (await fetch(`${origin}/.well-known/oauth-authorization-server`, { headers })).json()) as Record<string, string>;
    expect(found['issuer']).toBe(origin);
    const tokens = await oldLogin({
      authorize: found['authorization_endpoint'] ?? '',
      token: found['token_endpoint'] ?? '',
      register: found['registration_endpoint'] ?? '',
    });
    expect(claimsOf(tokens.access_token)['aud']).toBe(system.mcp);
    expect((await callTool(system, tokens.access_token, 'list_notes')).status).toBe(200);
    expect(tokens.refresh_token).toMatch(/^db_rt_/);
  });

  it('[B1.02] needs no metadata: the default paths are there', async () => {
    const at = (path: string) => new URL(path, system.mcp).href;
    const tokens = await oldLogin({ authorize: at('/authorize'), token: at('/token'), register: at('/register') });
    expect(claimsOf(tokens.access_token)).toMatchObject({ aud: system.mcp, scope: 'read write' });
  });

  it('[B1.06] has to use PKCE all the same, and addresses that are its own', async () => {
    const client = await register(system);
    const old = { resource: null, scope: null, state: null };
    await expectBegun(system, authorizeUrl(system, client, pkce(), old));
    await expectError(
      system,
      authorizeUrl(system, client, pkce(), { ...old, code_challenge: null, code_challenge_method: null }),
      'invalid_request',
    );
    const plain = await postJson(`${system.issuer}/register`, { redirect_uris: ['http://app.example.test/cb'] });
    expect(await plain.json()).toMatchObject({ error: 'invalid_redirect_uri' });
  });
});

describe('a client of 2025-06-18', () => {
  it('[B2.01] is led by the challenge to the metadata of the resource', async () => {
    const { status, headers } = await postJson(system.mcp, { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
    const [, address = ''] = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '') ?? [];
    expect(status).toBe(401);
    expect(await (await fetch(address)).json()).toMatchObject({ resource: system.mcp, authorization_servers: [system.issuer] });
  });

  it('[B2.02] [B2.03] [B2.04] registers, sends the resource twice and no scope, and can use the baseline', async () => {
    const client = await register(system);
    const secrets = pkce();
    const back = await consent(openBrowser(), authorizeUrl(system, client, secrets, { scope: null, resource: system.mcp }));
    const code = back.searchParams.get('code') ?? '';
    const fields = { client_id: client.client_id, code, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri };
    const tokens = (await (await redeem(system, { ...fields, resource: system.mcp })).json()) as Tokens;
    expect(claimsOf(tokens.access_token)['aud']).toBe(system.mcp);
    for (const tool of ['whoami', 'list_notes'])
      expect([tool, (await callTool(system, tokens.access_token, tool)).status]).toEqual([tool, 200]);
  });
});

describe('a client of 2025-11-25', () => {
  it('[B3.01] discovers by the challenge, or by the resource’s own path without one', async () => {
    expect(await discoverOAuthProtectedResourceMetadata(system.mcp)).toMatchObject({ resource: system.mcp });
    const info = await discoverOAuthServerInfo(system.mcp);
    expect(info.authorizationServerUrl.toString().replace(/\/$/, '')).toBe(system.issuer);
    expect(info.authorizationServerMetadata).toMatchObject({ issuer: system.issuer, code_challenge_methods_supported: ['S256'] });
  });

  it('[B3.03] may name no refresh grant and check no issuer, and gets what it registered for', async () => {
    for (const [grant_types, refreshes] of [
      [['authorization_code'], false],
      [['authorization_code', 'refresh_token'], true],
      [undefined, true],
    ] as const) {
      const client = await register(system, { grant_types });
      const secrets = pkce();
      const back = await consent(openBrowser(), authorizeUrl(system, client, secrets));
      const fields = { client_id: client.client_id, code: back.searchParams.get('code') ?? '', code_verifier: secrets.code_verifier };
      const tokens = (await (await redeem(system, fields)).json()) as Tokens;
      expect([grant_types, 'refresh_token' in tokens]).toEqual([grant_types, refreshes]);
      if (refreshes) expect((await refresh(system, client, tokens.refresh_token)).status).toBe(200);
      else expect(await (await refresh(system, client, 'db_rt_x')).json()).toMatchObject({ error: 'unauthorized_client' });
    }
  });
});
