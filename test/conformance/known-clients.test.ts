import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuthClientInformationFullSchema, OAuthTokensSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { Secret } from '../../src/domain/secret.ts';
import { authorizeUrl, callTool, claimsOf, consent, pkce, postForm, postJson } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { browserOf, expectTidy } from '../support/wire.ts';

const pinnedSecret = randomBytes(32).toString('base64url');

let system: System;
let host: DocumentHost;
let scopes: string;
beforeAll(async () => {
  const pinned = {
    client_id: 'claude-static',
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    token_endpoint_auth_method: 'client_secret_basic' as const,
    client_secret: new Secret<'client_secret'>(pinnedSecret),
  };
  // The allow-list of a new resource, not the open door of the demonstration: these are the clients it is for.
  system = await startSystem({
    configure: (config) => ({
      ...config,
      clients: [pinned],
      resources: config.resources.map((resource) => ({
        ...resource,
        redirects: { policy: 'allow-list' as const, allow: [...resource.redirects.allow, 'https://chat.example.test/api/mcp/*'] },
      })),
    }),
  });
  host = await openDocumentHost();
  const metadata = (await (await fetch(`${system.issuer}/.well-known/oauth-authorization-server`)).json()) as {
    scopes_supported: string[];
  };
  scopes = metadata.scopes_supported.join(' ');
});
afterAll(async () => {
  await system.close();
  await host.close();
});

type Registered = Record<string, unknown> & { client_id: string; redirect_uris: string[] };

/** What the client posts, and that it gets back everything its own parser wants. */
async function submit(body: Record<string, unknown>): Promise<Registered> {
  const response = await postJson(`${system.issuer}/register`, body);
  const answer = (await response.json()) as Registered;
  expect([response.status, answer['error_description']]).toEqual([201, undefined]);
  OAuthClientInformationFullSchema.parse(answer);
  expectTidy(answer);
  expect(answer.redirect_uris).toEqual(body['redirect_uris']);
  return answer;
}

/** Publishes a document as its owner does, at an address of this machine. */
function publish(path: string, document: Record<string, unknown>): string {
  const client_id = `${host.origin}${path}`;
  host.documents.set(path, { ...document, client_id });
  return client_id;
}

interface Habits {
  /** Added to or left out of the authorization request. */
  readonly asks?: Record<string, string | null>;
  /** Added to every token request. */
  readonly token?: Record<string, string>;
  readonly secret?: { readonly way: 'basic' | 'post'; readonly value: string };
  readonly refreshScope?: string;
}

/** From the authorization request to a refreshed token and a call, in this client's manner. */
async function wholeLogin(
  client_id: string,
  redirect_uri: string,
  { asks = {}, token = {}, secret, refreshScope }: Habits = {},
): Promise<Tokens> {
  const secrets = pkce();
  const url = authorizeUrl(system, { client_id, redirect_uri }, secrets, { scope: null, ...asks });
  const back = await consent(browserOf(system), url);
  expect(back.href.startsWith(`${redirect_uri}?`)).toBe(true);
  expect(back.searchParams.get('state')).toBe(url.searchParams.get('state'));
  expect(back.searchParams.get('iss')).toBe(system.issuer);
  const basic = secret?.way === 'basic' ? { Authorization: `Basic ${Buffer.from(`${client_id}:${secret.value}`).toString('base64')}` } : {};
  const shown = {
    ...(secret?.way === 'basic' ? {} : { client_id }),
    ...(secret?.way === 'post' ? { client_secret: secret.value } : {}),
    ...token,
  };
  const send = (fields: Record<string, string>) =>
    postForm(`${system.issuer}/token`, { ...fields, ...shown }, basic as Record<string, string>);
  const code = back.searchParams.get('code') ?? '';
  const first = await send({ grant_type: 'authorization_code', code, code_verifier: secrets.code_verifier, redirect_uri });
  const tokens = (await first.json()) as Tokens;
  expect([first.status, tokens]).toEqual([200, expect.objectContaining({ token_type: 'Bearer' })]);
  OAuthTokensSchema.parse(tokens);
  expectTidy(tokens);
  expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
  const scope = refreshScope === undefined ? {} : { scope: refreshScope };
  const second = await send({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...scope });
  const refreshed = (await second.json()) as Tokens;
  expect([second.status, refreshed.scope]).toEqual([200, tokens.scope]);
  expect(claimsOf(refreshed.access_token)['aud']).toBe(system.mcp);
  return tokens;
}

/** An app's own address gets its answer from a page, behind a link. */
async function handedOver(client_id: string, redirect_uri: string): Promise<URL> {
  const browser = browserOf(system);
  const url = authorizeUrl(system, { client_id, redirect_uri }, pkce());
  await consent(browser, url).catch(() => null);
  const [, href = ''] = /href="(cursor:[^"]+)"/.exec(browser.page.body) ?? [];
  return new URL(href.replaceAll('&amp;', '&'));
}

const public2 = { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

describe('clients as they are in the wild', () => {
  it('[B5.01] [A4.02] claude.ai: by its document, by registration, and configured with a secret in the body', async () => {
    const redirect_uri = 'https://claude.ai/api/mcp/auth_callback';
    const document = {
      client_name: 'Claude',
      client_uri: 'https://claude.ai',
      redirect_uris: [redirect_uri, 'https://claude.com/api/mcp/auth_callback'],
      ...public2,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    };
    const asks = { scope: ' offline_access', resource: system.mcp };
    expect((await wholeLogin(publish('/oauth/mcp-oauth-client-metadata', document), redirect_uri, { asks })).scope).toContain('read');
    const registered = await submit({ client_name: 'Claude', redirect_uris: [redirect_uri], ...public2, scope: 'read write' });
    await wholeLogin(registered.client_id, redirect_uri, { asks: { scope: ' read write', prompt: 'consent' } });
    const confidential = await submit({
      client_name: 'Claude',
      redirect_uris: [redirect_uri],
      token_endpoint_auth_method: 'client_secret_basic',
    });
    // It posts the secret whatever was agreed.
    await wholeLogin('claude-static', redirect_uri, { secret: { way: 'post', value: pinnedSecret } });
    await wholeLogin('claude-static', redirect_uri, { secret: { way: 'basic', value: pinnedSecret } });
    await wholeLogin(confidential.client_id, redirect_uri, { secret: { way: 'post', value: String(confidential['client_secret']) } });
  });

  it('[B5.02] Claude Code: portless loopback addresses, a port of the moment, and the origin as resource', async () => {
    const document = {
      client_name: 'Claude Code',
      client_uri: 'https://claude.ai',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      ...public2,
    };
    const client_id = publish('/oauth/claude-code-client-metadata', document);
    await wholeLogin(client_id, 'http://localhost:53117/callback', { asks: { resource: `${system.issuer}/` } });
    await wholeLogin(client_id, 'http://127.0.0.1:53118/callback', {
      asks: { resource: system.issuer, scope: 'read write offline_access' },
    });
    const { client_id: dynamic } = await submit({
      client_name: 'Claude Code (notes)',
      redirect_uris: ['http://localhost:53117/callback'],
      ...public2,
    });
    await wholeLogin(dynamic, 'http://localhost:53119/callback');
  });

  it('[B5.03] ChatGPT: a document with a word of its own, an empty scope, resource on both requests', async () => {
    const redirect_uri = 'https://chatgpt.com/connector_platform_oauth_redirect';
    const document = {
      client_name: 'ChatGPT',
      client_uri: 'https://chatgpt.com',
      redirect_uris: [redirect_uri, 'https://chatgpt.com/connector/oauth/abc123'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
      jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
    const client_id = publish('/oauth/client.json', document);
    await wholeLogin(client_id, redirect_uri, { asks: { scope: '' }, token: { resource: system.mcp } });
    const { client_id: dynamic } = await submit({
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector/oauth/xyz'],
      ...public2,
    });
    await wholeLogin(dynamic, 'https://chatgpt.com/connector/oauth/xyz', { asks: { scope: scopes }, token: { resource: system.mcp } });
  });

  it('[B5.04] [A14.04] VS Code: web and loopback addresses together, base64 state, another port when its own is taken', async () => {
    const redirect_uris = [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ];
    const body = {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris,
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    };
    const { client_id, ...registered } = await submit(body);
    expect(registered['grant_types']).toEqual(['authorization_code', 'refresh_token']);
    for (const redirect_uri of ['http://127.0.0.1:33418/', 'http://127.0.0.1:59656/', 'https://vscode.dev/redirect'])
      await wholeLogin(client_id, redirect_uri, { asks: { state: `${randomBytes(32).toString('base64')}+/==` } });
    const document = publish('/oauth/client-metadata.json', {
      ...body,
      redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
    });
    await wholeLogin(document, 'http://127.0.0.1:50001/');
  });

  it('[B5.05] [A14.04] Cursor: its own scheme beside web and loopback, all or nothing', async () => {
    const app = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const redirect_uris = [app, 'https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'];
    const { client_id } = await submit({ client_name: 'Cursor', redirect_uris, ...public2, scope: scopes });
    await wholeLogin(client_id, 'http://localhost:8787/callback', { asks: { scope: scopes } });
    await wholeLogin(client_id, 'https://www.cursor.com/agents/mcp/oauth/callback', { asks: { scope: scopes } });
    const answer = await handedOver(client_id, app);
    expect([answer.protocol, answer.searchParams.get('iss'), answer.searchParams.has('code')]).toEqual(['cursor:', system.issuer, true]);
  });

  it('[B5.06] MCP Inspector: both its addresses, refreshing every time, stepping up with the union', async () => {
    for (const redirect_uri of ['http://localhost:6274/oauth/callback', 'http://127.0.0.1:6276/oauth/callback']) {
      const { client_id } = await submit({
        redirect_uris: [redirect_uri],
        ...public2,
        client_name: 'MCP Inspector',
        client_uri: 'https://github.com/modelcontextprotocol/inspector',
        scope: 'read offline_access',
        application_type: 'native',
      });
      const asks = { scope: 'read write offline_access', prompt: 'consent', state: randomBytes(32).toString('hex') };
      const { scope } = await wholeLogin(client_id, redirect_uri, { asks, token: { resource: system.mcp } });
      expect(scope).toBe('read write offline_access');
    }
    await submit({
      redirect_uris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
      token_endpoint_auth_method: 'none',
      client_name: 'MCP Inspector',
    });
  });

  it('[B5.07] Codex: asks for exactly what is advertised, and refreshes without a resource', async () => {
    const document = { client_name: 'Codex', redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'], ...public2 };
    const client_id = publish('/oauth/codex/client.json', document);
    const { scope } = await wholeLogin(client_id, 'http://127.0.0.1:1455/callback', { asks: { scope: scopes } });
    expect(scope).toBe('read write offline_access');
  });

  it('[B3.02] Goose: a loopback address under its own name', async () => {
    const { client_id } = await submit({ client_name: 'goose', redirect_uris: ['http://127.0.0.1:40123/oauth_callback'], ...public2 });
    await wholeLogin(client_id, 'http://127.0.0.1:40123/oauth_callback', {
      asks: { scope: 'read write' },
      token: { resource: system.mcp },
    });
    await wholeLogin(
      publish('/goose.json', { client_name: 'goose', redirect_uris: ['http://127.0.0.1/oauth_callback'] }),
      'http://127.0.0.1:40124/oauth_callback',
    );
  });

  it('[B3.02] Gemini CLI: an empty scope, and scopes on refresh', async () => {
    const redirect_uri = 'http://localhost:7777/oauth/callback';
    const body = { client_name: 'Gemini CLI MCP Client', redirect_uris: [redirect_uri], ...public2, scope: '' };
    const { client_id, ...registered } = await submit(body);
    expect(registered).not.toHaveProperty('scope');
    await wholeLogin(client_id, 'http://localhost:44301/oauth/callback', { asks: { scope: 'read write' }, refreshScope: 'read write' });
  });

  it('[B3.02] LibreChat: a secret by Basic, response types from our metadata, a colon in the state', async () => {
    const redirect_uri = 'https://chat.example.test/api/mcp/notes/oauth/callback';
    const elsewhere = { client_name: 'LibreChat MCP Client', redirect_uris: [redirect_uri.replace('chat.', 'other.')] };
    const refused = await postJson(`${system.issuer}/register`, elsewhere);
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([400, 'invalid_redirect_uri']);
    const { client_id, client_secret } = await submit({
      client_name: 'LibreChat MCP Client',
      redirect_uris: [redirect_uri],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: scopes,
    });
    const secret = { way: 'basic', value: String(client_secret) } as const;
    await wholeLogin(client_id, redirect_uri, { asks: { state: 'user-1:notes:abc', scope: scopes }, secret });
  });

  it('[B3.02] [A14.01] mcp-remote: software and version, and the requested scope again on refresh', async () => {
    const { client_id } = await submit({
      redirect_uris: ['http://localhost:32642/oauth/callback'],
      ...public2,
      client_name: 'MCP CLI Client',
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.15.1',
      scope: 'read write offline_access',
      application_type: 'native',
    });
    const habits = { asks: { scope: 'read write offline_access', prompt: 'consent' }, refreshScope: 'read write offline_access' };
    await wholeLogin(client_id, 'http://localhost:32642/oauth/callback', { ...habits, token: { resource: system.mcp } });
  });
});
