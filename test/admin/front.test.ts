import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administered, adminResource, ask, signInAs } from '../support/administration.ts';
import { login, refresh } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let admin: SignedIn;
beforeAll(async () => {
  system = await startSystem({ configure: administered });
  admin = await signInAs(system, 'admin of acme');
});
afterAll(() => system.close());

const token = () => admin.tokens.access_token;

describe('the administration is a protected resource like any other', () => {
  it('says where to sign in, and what for', async () => {
    const { status, headers, body } = await ask(system, 'GET', '/tenants');
    expect([status, headers.get('Content-Type')]).toEqual([401, 'application/problem+json']);
    expect(headers.get('WWW-Authenticate')).toBe(
      `Bearer scope="admin:read", resource_metadata="${system.issuer}/.well-known/oauth-protected-resource/admin/api"`,
    );
    expect(body).toMatchObject({
      status: 401,
      title: 'Sign in first',
      detail: expect.stringContaining('access token'),
      request_id: expect.any(String),
    });
    expect(system.lines.some((line) => line.includes((body as { request_id: string }).request_id))).toBe(true);
    const metadata = await fetch(`${system.issuer}/.well-known/oauth-protected-resource/admin/api`);
    expect(await metadata.json()).toMatchObject({
      resource: adminResource(system),
      authorization_servers: [system.issuer],
      scopes_supported: ['admin:read'],
    });
  });

  it('answers whoever may, and nobody keeps or frames the answer', async () => {
    const { status, headers, body } = await ask(system, 'GET', '/tenants', { token: token() });
    expect([status, body]).toEqual([200, { items: [expect.objectContaining({ id: 'acme', name: 'Acme' })] }]);
    expect([headers.get('Cache-Control'), headers.get('X-Content-Type-Options'), headers.get('X-Frame-Options')]).toEqual([
      'no-store',
      'nosniff',
      'DENY',
    ]);
    expect(headers.has('Access-Control-Allow-Origin')).toBe(false);
  });

  it('takes no token of another resource, and its own opens nothing else [W72] [W135]', async () => {
    const other = await login(system, { login: 'alice', tenant: 'acme', scope: ['read'] });
    expect((await ask(system, 'GET', '/tenants', { token: other.tokens.access_token })).status).toBe(401);
    const mcp = await fetch(system.mcp, { method: 'POST', headers: { Authorization: `Bearer ${token()}` } });
    expect(mcp.status).toBe(401);
    expect((await fetch(`${system.issuer}/t/acme/admin/api`)).status).toBe(404);
  });

  it('is nobody’s by default: without naming it nobody gets its scopes', async () => {
    const signedIn = await login(system, {
      login: 'alice',
      tenant: 'acme',
      scope: ['read'],
      changes: { resource: null, scope: 'admin:read read' },
    });
    expect(signedIn.tokens.scope).toBe('read');
  });

  it('an ended grant is over at once', async () => {
    const short = await signInAs(system, 'admin of acme');
    const asked = () => ask(system, 'GET', '/tenants', { token: short.tokens.access_token });
    expect((await asked()).status).toBe(200);
    await fetch(`${system.issuer}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: short.client.client_id, token: short.tokens.refresh_token }),
    });
    expect((await asked()).status).toBe(401);
    expect((await refresh(system, short.client, short.tokens.refresh_token)).status).toBe(400);
  });
});

describe('what a request must be', () => {
  it.each<[string, string, string, Record<string, string>, number]>([
    ['a session cookie is no credential [W123]', 'GET', '/tenants', { Cookie: 'drawbridge=abc; __Host-drawbridge=abc' }, 401],
    ['a token in the query', 'GET', '/tenants?access_token=x', {}, 400],
    ['a scheme that is not Bearer', 'GET', '/tenants', { Authorization: 'Basic YTpi' }, 401],
    ['a preflight gets no permission [W123]', 'OPTIONS', '/tenants', { Origin: 'https://evil.example' }, 401],
  ])('%s', async (_what, method, path, headers, status) => {
    const answered = await ask(system, method, path, { headers, ...(path.includes('access_token') ? { token: token() } : {}) });
    expect(answered.status).toBe(status);
    expect([...answered.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answered.headers.get('Set-Cookie')).toBeNull();
  });

  it('a path that is not there, a method that is not, a name in the query that is not [W121]', async () => {
    const at = (method: string, path: string) => ask(system, method, path, { token: token() });
    expect((await at('GET', '/nothing')).status).toBe(404);
    expect((await at('GET', '')).status).toBe(404);
    expect((await at('GET', '/tenants/')).status).toBe(404);
    expect((await at('GET', '/%74enants')).status).toBe(404);
    expect((await at('GET', '/tenants/..%2facme')).status).toBe(404);
    const wrong = await at('DELETE', '/tenants');
    expect([wrong.status, wrong.headers.get('Allow')]).toEqual([405, 'GET']);
    const unknown = await at('GET', '/tenants?tenant=initech');
    expect(unknown).toMatchObject({ status: 400, body: { errors: [{ at: 'query', problem: expect.stringContaining('tenant') }] } });
    expect((await at('GET', '/tenants/acme/grants?limit=1&limit=2')).status).toBe(400);
    expect((await at('HEAD', '/tenants')).status).toBe(200);
  });

  it('another host’s name is not ours [W72]', async () => {
    const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Tenant-Id': 'initech', 'X-HTTP-Method-Override': 'DELETE' };
    expect(await ask(system, 'GET', '/tenants', { token: token(), headers })).toMatchObject({
      status: 200,
      body: { items: [{ id: 'acme' }] },
    });
  });
});

it('without `administration` there is no Admin API', async () => {
  await system.restart((config) => {
    const { administration, ...without } = config;
    return administration === undefined ? config : without;
  });
  expect((await ask(system, 'GET', '/tenants', { token: token() })).status).toBe(404);
  expect((await fetch(`${system.issuer}/.well-known/oauth-protected-resource/admin/api`)).status).toBe(404);
});
