import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registerClient } from '@modelcontextprotocol/sdk/client/auth.js';
import { OAuthClientInformationFullSchema, OAuthClientRegistrationErrorSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { collections } from '../../src/stores/collections.ts';
import {
  authorizeUrl,
  consent,
  login,
  loopbackAddress,
  openBrowser,
  pkce,
  postForm,
  postJson,
  redeem,
  register,
} from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { expectBegun, expectPage, expectTidy, raw, rowsOf } from '../support/wire.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

const good = { client_name: 'Lantern', redirect_uris: ['https://app.example.test/cb'], token_endpoint_auth_method: 'none' };

async function submit(body: unknown): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await postJson(`${system.issuer}/register`, body);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

const rows = () => rowsOf(system);

async function expectRefused(body: unknown, error: string): Promise<string> {
  const before = await rows();
  const answer = await submit(body);
  expect([answer.status, answer.body['error'], JSON.stringify(body).slice(0, 200)]).toEqual([400, error, expect.any(String)]);
  expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  OAuthClientRegistrationErrorSchema.parse(answer.body);
  expect(await rows()).toEqual(before);
  return String(answer.body['error_description']);
}

describe('a registration', () => {
  it('[A2.02] [A2.04] [A2.15] is answered 201 with every value, to anybody, and writes nothing', async () => {
    const asked = {
      ...good,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'read write',
      client_uri: 'https://app.example.test/',
      application_type: 'web',
      software_id: '2e6dc280',
      software_version: '1.2',
    };
    const before = await rows();
    const { status, headers, body } = await submit(asked);
    expect(status).toBe(201);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject(asked);
    expect(body['client_id_issued_at']).toEqual(expect.any(Number));
    expectTidy(body);
    OAuthClientInformationFullSchema.parse(body);
    expect(await rows()).toEqual(before);
  });

  it('[A2.03] [A2.08] settles the way of authentication and echoes it, a secret only with its expiry', async () => {
    for (const [asked, settled] of [
      [undefined, 'none'],
      ['none', 'none'],
      ['', 'none'],
      ['client_secret_basic', 'client_secret_basic'],
      ['client_secret_post', 'client_secret_post'],
    ] as const) {
      const { body } = await submit({ ...good, token_endpoint_auth_method: asked });
      expect([asked, body['token_endpoint_auth_method']]).toEqual([asked, settled]);
      const secret = settled === 'none' ? [false, false] : [true, true];
      expect(['client_secret' in body, 'client_secret_expires_at' in body]).toEqual(secret);
      if (settled !== 'none') expect(body['client_secret_expires_at']).toBe(0);
    }
  });

  it('[A1.11] [A2.08] can then be used by exactly the method it echoed', async () => {
    for (const method of ['none', 'client_secret_basic', 'client_secret_post']) {
      const client = await register(system, { token_endpoint_auth_method: method });
      const secret = method === 'none' ? '' : String(client['client_secret']);
      const basic = { Authorization: `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}` };
      const secrets = pkce();
      const answer = await consent(openBrowser(), authorizeUrl(system, client, secrets));
      const fields = {
        grant_type: 'authorization_code',
        code: answer.searchParams.get('code') ?? '',
        code_verifier: secrets.code_verifier,
      };
      const wrong = await postForm(`${system.issuer}/token`, {
        ...fields,
        client_id: client.client_id,
        ...(method === 'none' ? { client_secret: 'guessed' } : {}),
      });
      expect([method, ((await wrong.json()) as { error: string }).error]).toEqual([method, 'invalid_client']);
      const asserted = { client_id: client.client_id, client_assertion: 'x.y.z', client_assertion_type: 'urn:x' };
      if (method !== 'none') {
        const unlisted = await postForm(`${system.issuer}/token`, { ...fields, ...asserted });
        expect(await unlisted.json()).toMatchObject({ error: 'invalid_client' });
      }
      const right =
        method === 'client_secret_basic'
          ? await postForm(`${system.issuer}/token`, fields, basic)
          : await redeem(system, { ...fields, client_id: client.client_id, ...(method === 'none' ? {} : { client_secret: secret }) });
      expect([method, right.status]).toEqual([method, 200]);
    }
  });

  it('[A2.09] leaves out what it does not know, language tags included', async () => {
    const { status, body } = await submit({
      ...good,
      'client_name#fr': 'Lanterne',
      x_foo: { deep: [1] },
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      response_types: ['code', 'id_token'],
      contacts: ['a@b.example'],
      logo_uri: 'https://app.example.test/logo.png',
      require_auth_time: true,
    });
    expect(status).toBe(201);
    expect(Object.keys(body).toSorted()).toEqual(
      [
        'client_id',
        'client_id_issued_at',
        'client_name',
        'grant_types',
        'redirect_uris',
        'response_types',
        'token_endpoint_auth_method',
      ].toSorted(),
    );
    expect(body['grant_types']).toEqual(['authorization_code', 'refresh_token']);
    expect(body['response_types']).toEqual(['code']);
  });

  it('[A2.05] [A2.10] is refused with the registered codes', async () => {
    expect((await submit(good)).status).toBe(201);
    const bad: [string, Record<string, unknown>][] = [
      ['invalid_redirect_uri', { redirect_uris: undefined }],
      ['invalid_redirect_uri', { redirect_uris: [] }],
      ['invalid_redirect_uri', { redirect_uris: 'https://app.example.test/cb' }],
      ['invalid_redirect_uri', { redirect_uris: [1] }],
      ['invalid_redirect_uri', { redirect_uris: ['https://app.example.test/cb', 'http://app.example.test/cb'] }],
      ['invalid_client_metadata', { response_types: ['token'] }],
      ['invalid_client_metadata', { response_types: [] }],
      ['invalid_client_metadata', { grant_types: ['authorization_code', 'implicit'] }],
      ['invalid_client_metadata', { grant_types: ['password'] }],
      ['invalid_client_metadata', { grant_types: ['authorization_code', 'password'] }],
      ['invalid_client_metadata', { grant_types: ['client_credentials'] }],
      ['invalid_client_metadata', { grant_types: [] }],
      ['invalid_client_metadata', { token_endpoint_auth_method: 'private_key_jwt' }],
      ['invalid_client_metadata', { token_endpoint_auth_method: 'tls_client_auth' }],
      ['invalid_client_metadata', { jwks: { keys: [] }, jwks_uri: 'https://app.example.test/jwks' }],
      ['invalid_client_metadata', { client_name: 5 }],
      ['invalid_client_metadata', { client_name: null }],
      ['invalid_client_metadata', { scope: ['read'] }],
      ['invalid_client_metadata', { client_name: 'x'.repeat(201) }],
      ['invalid_client_metadata', { scope: 'x '.repeat(1001) }],
      ['invalid_redirect_uri', { redirect_uris: Array.from({ length: 21 }, (_, index) => `https://app.example.test/${index}`) }],
    ];
    for (const [error, change] of bad) await expectRefused({ ...good, ...change }, error);
    for (const body of [[], [good], 'text', 7, null, true]) await expectRefused(body, 'invalid_client_metadata');
  });

  it('[A2.12] gets an identifier of unreserved characters, in a namespace of its own, that nobody can make up', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        String((await submit({ ...good, client_name: `Ü ${index} “x” https://` })).body['client_id']),
      ),
    );
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) {
      expect(id).toMatch(/^dyn_[A-Za-z0-9._~-]+$/);
      const client = { client_id: id, redirect_uri: 'https://app.example.test/cb' };
      await expectBegun(system, authorizeUrl(system, client, pkce()));
      const [payload = '', tag = ''] = id.slice(4).split('.');
      const metadata = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { metadata: Record<string, unknown> };
      const other = { metadata: { ...metadata.metadata, redirect_uris: ['https://evil.test/cb'] } };
      const forged = `dyn_${Buffer.from(JSON.stringify(other)).toString('base64url')}.${tag}`;
      await expectPage(system, authorizeUrl(system, { client_id: forged, redirect_uri: 'https://evil.test/cb' }, pkce()), 'unknown-app');
    }
  });

  it('[A2.11] names a scope that is no ceiling', async () => {
    const client = await register(system, { scope: 'read' });
    const { tokens } = await login(system, { client, changes: { scope: 'read write' } });
    expect(tokens.scope).toBe('read write');
  });

  it('[A2.17] [W181] is all we know: an unknown client_id is invalid_client at the token endpoint and a page at the other', async () => {
    const unknown = ['dyn_gone', `dyn_${'A'.repeat(40)}.${'B'.repeat(22)}`, 'some-app', 'u_0000000000000000000000', ''];
    const known = await register(system, { token_endpoint_auth_method: 'client_secret_post' });
    const wrong = { grant_type: 'refresh_token', refresh_token: 'x', client_secret: 'wrong' };
    const guess = await postForm(`${system.issuer}/token`, { ...wrong, client_id: known.client_id });
    const answer = [guess.status, await guess.text()];
    expect(answer[1]).toContain('invalid_client');
    for (const client_id of unknown) {
      const basic = { Authorization: `Basic ${Buffer.from(`${client_id}:secret`).toString('base64')}` };
      const posted = await postForm(`${system.issuer}/token`, { ...wrong, client_id });
      expect([posted.status, await posted.text()]).toEqual(answer);
      const challenged = await postForm(`${system.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, basic);
      expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)]);
      const url = authorizeUrl(system, { client_id, redirect_uri: loopbackAddress }, pkce());
      await expectPage(system, url, client_id === '' ? 'malformed-request' : 'unknown-app');
    }
  });

  it('[B3.02] is what the SDK makes of it', async () => {
    const answer = await registerClient(system.issuer, {
      clientMetadata: { client_name: 'SDK', redirect_uris: ['http://localhost:3118/callback'], token_endpoint_auth_method: 'none' },
      scope: 'read',
    });
    expect(answer).toMatchObject({ client_name: 'SDK', scope: 'read', token_endpoint_auth_method: 'none' });
    await expectBegun(
      system,
      authorizeUrl(system, { client_id: answer.client_id, redirect_uri: 'http://localhost:50000/callback' }, pkce()),
    );
  });
});

describe('a registration that wants more than it may', () => {
  it('[W29] [W168] assigns nothing of ours', async () => {
    const before = await submit(good);
    const members = {
      client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      client_secret: 'chosen',
      client_secret_expires_at: 1,
      client_id_issued_at: 1,
      registration_access_token: 'x',
      tenant_id: 'acme',
      tenant: 'acme',
      trusted: true,
      skip_consent: true,
      origin: 'configured',
      verifiedHost: 'claude.ai',
      secretDigest: 'x',
      status: 'allowed',
      _id: 'x',
      id: 'x',
      constructor: { prototype: { trusted: true } },
      prototype: { trusted: true },
    };
    const { status, body } = await submit({ ...good, ...members });
    expect(status).toBe(201);
    // Everything that was not ours to take changed nothing: the very same client.
    expect(body['client_id']).toBe(before.body['client_id']);
    expect(Object.keys(body)).toEqual(Object.keys(before.body));
    const grants = await submit({ ...good, grant_types: ['authorization_code', 'client_credentials', 'urn:x'], scope: 'admin superuser' });
    expect(grants.body['grant_types']).toEqual(['authorization_code']);
    const { tokens } = await login(system, {
      client: await register(system, { scope: 'admin write', skip_consent: true }),
      login: 'erin',
      scope: ['read'],
      changes: { scope: 'admin read write' },
    });
    expect(tokens.scope).toBe('read');
    for (const text of [
      `{"__proto__":{"trusted":true},"redirect_uris":["https://app.example.test/cb"]}`,
      `{"redirect_uris":["https://app.example.test/cb"],"x":{"y":[{"__proto__":{"trusted":true}}]}}`,
      `{"redirect_uris":["https://app.example.test/cb"],"redirect_uris":["https://evil.test/cb"]}`,
    ]) {
      const answer = await raw(system, '/register', { method: 'POST', headers: ['Content-Type: application/json'], body: text });
      expect([answer.status, JSON.parse(answer.body)]).toEqual([400, expect.objectContaining({ error: 'invalid_client_metadata' })]);
    }
    expect(({} as { trusted?: unknown }).trusted).toBeUndefined();
    expect((await submit(good)).body['client_id']).toBe(before.body['client_id']);
  });

  it('[W32] [A2.03] gets its secret once, a new one each time, and a public one the same identifier', async () => {
    const confidential = { ...good, token_endpoint_auth_method: 'client_secret_basic' };
    const [first, second] = [(await submit(confidential)).body, (await submit(confidential)).body];
    expect(first['client_id']).not.toBe(second['client_id']);
    expect(first['client_secret']).not.toBe(second['client_secret']);
    expect(String(first['client_secret'])).toMatch(/^[A-Za-z0-9_-]{43,}$/);
    expect((await submit(good)).body['client_id']).toBe((await submit(good)).body['client_id']);
    // Nothing to read back, and nothing kept or logged.
    const found = await raw(system, `/register/${String(first['client_id'])}`);
    expect(found.status).toBe(404);
    expect(system.lines.join('')).not.toContain(String(first['client_secret']));
    const stored = await Promise.all(collections.map((collection) => system.engine.page(collection, { limit: 1000 })));
    expect(JSON.stringify(stored)).not.toContain(String(first['client_secret']));
  });
});
