import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { validate } from '../../src/config/load.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import {
  authorizeUrl,
  callTool,
  claimsOf,
  login,
  openBrowser,
  pkce,
  postForm,
  postJson,
  redeem,
  refresh,
  register,
} from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, expectError } from '../support/wire.ts';

/** One scope for everything, a deep path, known addresses only, a fixed client beside those that register. */
function workspace(config: Config): Config {
  const [resource] = config.resources;
  if (resource === undefined) throw new Error('the demonstration has a resource');
  const tool = (permission: string) => ({ scopes: ['mcp:tools'], permissions: [permission] });
  const one = {
    ...resource,
    identifier: `${config.issuer}/api/mcp/server`,
    baseline: ['mcp:tools'],
    scopes: [{ name: 'mcp:tools', title: 'Use the tools', note: '', changes: false, permissions: [] }],
    tools: {
      whoami: tool('notes:read'),
      list_notes: tool('notes:read'),
      add_note: tool('notes:write'),
      delete_notes: tool('notes:delete'),
    },
    redirects: { policy: 'allow-list' as const, allow: ['https://claude.ai/api/mcp/auth_callback'] },
    buttons: { approve: 'Allow', deny: 'Cancel' },
    clients: [
      {
        client_id: 'desk_mcp_cli',
        client_name: 'Desk CLI',
        redirect_uris: ['http://localhost/callback'],
        token_endpoint_auth_method: 'none' as const,
      },
    ],
  };
  return { ...config, resources: [one] };
}

let demo: System;
let desk: System;
let alice: SignedIn;

beforeAll(async () => {
  [demo, desk] = await Promise.all([startSystem(), startSystem({ configure: workspace })]);
  alice = await login(demo);
});
afterAll(() => Promise.all([demo.close(), desk.close()]));

const resultOf = async (response: Response) => (await response.text()).includes('"result"');
const at = (system: System) => ({ ...system, issuer: system.issuer, mcp: system.config.resources[0]?.identifier ?? '' });

/** A login at the desk, where the button says Allow. */
async function allow(client: { client_id: string; redirect_uri: string }, who = 'alice') {
  const secrets = pkce();
  const browser = openBrowser();
  const url = authorizeUrl(at(desk), client, secrets, { scope: null, redirect_uri: client.redirect_uri });
  await browser.get(url);
  await browser.submit({}, { form: '/login/demo' });
  await browser.submit({ login: who, password: 'demo' });
  const page = browser.page.body;
  await browser.submit({ scope: ['mcp:tools'] }, { form: '/consent', press: 'Allow' });
  const code = browser.location?.searchParams.get('code') ?? '';
  const tokens = (await (await redeem(desk, { client_id: client.client_id, code, code_verifier: secrets.code_verifier })).json()) as Tokens;
  return { page, tokens };
}

describe('an organisation with read and write', () => {
  it('a client registers itself, proves itself by S256 and gets both tokens [AM-03] [AM-05] [AM-09] [CH-22] [AB-01]', async () => {
    expect(alice.tokens).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String) });
    expect(alice.client.client_id).toMatch(/^dyn_/);
    const client = await register(demo);
    for (const changes of [{ code_challenge: null, code_challenge_method: null }, { code_challenge_method: 'plain' }]) {
      await expectError(demo, authorizeUrl(demo, client, pkce(), changes), 'invalid_request');
    }
  });

  it('the scopes are read and write, each for its tools, and asking for nothing means both [AM-18] [AM-19] [AB-08]', async () => {
    const read = await login(demo, { scope: ['read'] });
    expect(await resultOf(await callTool(demo, read.tokens.access_token, 'list_notes'))).toBe(true);
    expect((await callTool(demo, read.tokens.access_token, 'add_note', { text: 'x' })).status).toBe(403);
    expect(await resultOf(await callTool(demo, alice.tokens.access_token, 'add_note', { text: 'x' }))).toBe(true);
    expect((await login(demo, { changes: { scope: null } })).tokens.scope).toBe('read write');
  });

  it('a role decides whatever the scope says: a tool for administrators stays closed to an editor who may write [AM-21] [UP-09]', async () => {
    const carol = await login(demo, { login: 'carol' });
    expect(await resultOf(await callTool(demo, alice.tokens.access_token, 'delete_notes'))).toBe(false);
    expect(await resultOf(await callTool(demo, carol.tokens.access_token, 'delete_notes'))).toBe(true);
  });

  it('the organisation and the person come from the token alone [AM-02] [AM-22]', async () => {
    const headers = {
      Authorization: `Bearer ${alice.tokens.access_token}`,
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2025-11-25',
      'X-Tenant-Id': 'globex',
      'X-User-Id': 'bob',
      'Drawbridge-Assertion': 'a.b.c',
    };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: { tenant: 'globex', user: 'bob' } } };
    const text = await (await postJson(`${demo.mcp}?tenant=globex`, call, headers)).text();
    expect(text).toContain(String(claimsOf(alice.tokens.access_token)['sub']));
    expect(text).toContain('Acme');
    expect(text).not.toMatch(/globex/i);
  });

  it('the bearer is checked at every request, and what is revoked is over at once [AM-10] [AM-25] [UP-13]', async () => {
    const { client, tokens } = await login(demo);
    const [head = '', body = '', signature = ''] = tokens.access_token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(tokens.access_token), tenant: 'globex' })).toString('base64url');
    for (const token of [`${head}.${forged}.${signature}`, `${head}.${body}.`, 'x']) {
      expect((await callTool(demo, token, 'whoami')).status).toBe(401);
    }
    expect(await resultOf(await callTool(demo, tokens.access_token, 'whoami'))).toBe(true);
    expect((await callTool(at(desk), tokens.access_token, 'whoami')).status).toBe(401);
    await postForm(`${demo.issuer}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    expect((await callTool(demo, tokens.access_token, 'whoami')).status).toBe(401);
  });

  it('a scope that was not granted is refused by its name, and asking again with it helps [CH-28]', async () => {
    const { client, tokens } = await login(demo, { scope: ['read'] });
    const refused = await callTool(demo, tokens.access_token, 'add_note', { text: 'x' });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringMatching(/insufficient_scope.*write|write.*insufficient_scope/),
    ]);
    const more = await login(demo, { client, scope: ['read', 'write'] });
    expect(await resultOf(await callTool(demo, more.tokens.access_token, 'add_note', { text: 'x' }))).toBe(true);
  });
});

describe('an organisation with one scope and workspace roles', () => {
  it('the configuration is one that can be written down', () => {
    const { key: _key, ...written } = desk.config;
    // A shared store would want its key written down, which is not what this is about.
    const plain = JSON.parse(JSON.stringify({ ...written, store: 'sqlite:./x.db' })) as { connections: { client_secret: string }[] };
    for (const connection of plain.connections) connection.client_secret = 'stub';
    expect(() => validate(plain)).not.toThrow();
  });

  it('the token carries that scope and no other, and roles say what it opens [UP-02] [UP-12] [UP-07] [UP-08] [AB-02]', async () => {
    const client = await register(desk);
    const { page, tokens } = await allow(client);
    expect(page).toContain('Use the tools');
    expect(claimsOf(tokens.access_token)).toMatchObject({ scope: 'mcp:tools', aud: `${desk.issuer}/api/mcp/server` });
    expect(await resultOf(await callTool(at(desk), tokens.access_token, 'add_note', { text: 'x' }))).toBe(true);
    const refused = await (await callTool(at(desk), tokens.access_token, 'delete_notes')).text();
    expect(refused).not.toContain('"result"');
    expect(refused).toContain('Administrator');
    const metadata = await ask(`${desk.issuer}/.well-known/oauth-protected-resource/api/mcp/server`);
    expect(JSON.parse(metadata.body)).toMatchObject({ resource: `${desk.issuer}/api/mcp/server`, scopes_supported: ['mcp:tools'] });
  });

  it('registration takes known addresses only [AM-04]', async () => {
    const submit = (uri: string) => postJson(`${desk.issuer}/register`, { client_name: 'App', redirect_uris: [uri] });
    expect((await submit('https://claude.ai/api/mcp/auth_callback')).status).toBe(201);
    for (const uri of [
      'https://claude.ai/api/mcp/auth_callback2',
      'https://evil.example/cb',
      'https://claude.ai.evil.example/api/mcp/auth_callback',
    ]) {
      const refused = await submit(uri);
      expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([400, 'invalid_redirect_uri']);
    }
  });

  it('a fixed public client receives its answer at any loopback port [CH-25]', async () => {
    const secrets = pkce();
    const client = { client_id: 'desk_mcp_cli', redirect_uri: 'http://localhost:51004/callback' };
    const url = authorizeUrl(at(desk), client, secrets, { scope: null });
    expect((await ask(url)).status).toBe(303);
    const other = await ask(authorizeUrl(at(desk), client, secrets, { redirect_uri: 'http://localhost:51004/other' }));
    expect([other.status, other.location]).toEqual([400, null]);
  });

  it('apps are clients of their own; each registration of another app is another [UP-19]', async () => {
    const names = ['Claude', 'Codex', 'Cursor', 'VS Code', 'ChatGPT'];
    const made = await Promise.all(names.map((client_name) => register(desk, { client_name })));
    expect(new Set(made.map(({ client_id }) => client_id)).size).toBe(5);
    expect(made.map((client) => client['client_name'])).toEqual(names);
  });
});

describe('an organisation with many scopes', () => {
  it('a vocabulary of many scopes works as one of two does [CH-16]', async () => {
    const names = [
      'apps:read',
      'apps:write',
      'knowledge:read',
      'knowledge:write',
      'actions:read',
      'actions:write',
      'analytics:read',
      'billing:read',
    ];
    await demo.restart((config) => ({
      ...config,
      resources: config.resources.map((resource) => ({
        ...resource,
        scopes: [
          ...resource.scopes,
          ...names.map((name) => ({
            name,
            title: name,
            note: '',
            changes: name.endsWith('write'),
            permissions: [`notes:${name.split(':')[1] ?? ''}`],
          })),
        ],
      })),
    }));
    const who = await login(demo, { scope: names, changes: { scope: names.join(' ') } });
    expect(who.tokens.scope).toBe(names.join(' '));
    const next = (await (await refresh(demo, who.client, who.tokens.refresh_token, { scope: 'apps:read' })).json()) as Tokens;
    expect(claimsOf(next.access_token)['scope']).toBe('apps:read');
  });
});
