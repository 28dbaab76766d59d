import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { discoverAuthorizationServerMetadata } from '@modelcontextprotocol/sdk/client/auth.js';
import {
  OAuthMetadataSchema,
  OAuthProtectedResourceMetadataSchema,
  OpenIdProviderDiscoveryMetadataSchema,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { ConfigSchema } from '../../src/config/schema.ts';
import { metadataPaths } from '../../src/domain/metadata.ts';
import { authorizeUrl, login, pkce, postForm, postJson, refresh, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, effectsOf, expectBegun, expectError, expectTidy, raw } from '../support/wire.ts';

const places = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

interface Metadata {
  readonly issuer: string;
  readonly [member: string]: unknown;
}

let system: System;
let metadata: Metadata;
beforeAll(async () => {
  system = await startSystem();
  metadata = JSON.parse((await ask(`${system.issuer}${places[0]}`)).body) as Metadata;
});
afterAll(() => system.close());

const listOf = (name: string): string[] => (metadata[name] ?? []) as string[];

describe('the metadata documents', () => {
  it('[A1.01] [A1.02] [A1.08] [B2.02] are the same bytes in every well-known place', async () => {
    const answers = await Promise.all(places.map((place) => ask(`${system.issuer}${place}`)));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^application\/json\b/);
      expect(body).toBe(answers[0]?.body);
    }
    expect(metadata).toMatchObject({
      issuer: system.issuer,
      authorization_endpoint: `${system.issuer}/authorize`,
      token_endpoint: `${system.issuer}/token`,
      registration_endpoint: `${system.issuer}/register`,
      response_types_supported: ['code'],
    });
  });

  it('[A1.04] would stand before an issuer’s path with at most one slash dropped, and under no name of our own', () => {
    const root = [...places];
    const below = [
      '/.well-known/oauth-authorization-server/a',
      '/.well-known/openid-configuration/a',
      '/a/.well-known/openid-configuration',
    ];
    expect(metadataPaths('https://h.example')).toEqual(root);
    expect(metadataPaths('https://h.example/')).toEqual(root);
    expect(metadataPaths('https://h.example/a')).toEqual(below);
    expect(metadataPaths('https://h.example/a/')).toEqual(below);
  });

  it('[A1.05] [A1.07] [A1.24] [A15.04] agree with the resource metadata on one issuer, byte for byte', async () => {
    expect(metadata.issuer).toBe(system.config.issuer);
    expect(listOf('protected_resources')).toEqual([system.mcp]);
    for (const identifier of listOf('protected_resources')) {
      const { origin, pathname } = new URL(identifier);
      const resource = JSON.parse((await ask(`${origin}/.well-known/oauth-protected-resource${pathname}`)).body) as Metadata;
      expect(OAuthProtectedResourceMetadataSchema.parse(resource)['authorization_servers']).toEqual([metadata.issuer]);
      expect(resource['resource']).toBe(identifier);
      expectTidy(resource);
    }
  });

  it('[A1.19] [A1.17] [A2.04] satisfy the schemas of the SDK, without null or empty lists', async () => {
    for (const place of places) {
      const document: unknown = JSON.parse((await ask(`${system.issuer}${place}`)).body);
      expectTidy(document);
      expect(OAuthMetadataSchema.parse(document).issuer).toBe(system.issuer);
      const openid = OpenIdProviderDiscoveryMetadataSchema.parse(document);
      expect(openid.id_token_signing_alg_values_supported).toContain('RS256');
      expect(openid.subject_types_supported).toEqual(['public']);
      expect(openid.jwks_uri).toBe(`${system.issuer}/jwks`);
    }
    expect(listOf('response_modes_supported')).toEqual(['query']);
  });

  it('[A1.09] [A1.14] [A1.15] [A8.02] [B3.01] promise S256 alone, metadata documents and the issuer in answers', () => {
    expect(metadata['code_challenge_methods_supported']).toEqual(['S256']);
    expect(metadata['client_id_metadata_document_supported']).toBe(true);
    expect(metadata['authorization_response_iss_parameter_supported']).toBe(true);
  });

  it('[A1.10] [A1.25] name grants and nothing that is not there', () => {
    expect(listOf('grant_types_supported')).toEqual(['authorization_code', 'refresh_token']);
    // RFC 9470 §7: what a challenge of ours can ask for.
    expect(listOf('acr_values_supported')).toEqual(['urn:drawbridge:acr:mfa', 'urn:drawbridge:acr:phr']);
    for (const absent of [
      'dpop_signing_alg_values_supported',
      'pushed_authorization_request_endpoint',
      'require_pushed_authorization_requests',
      'authorization_grant_profiles_supported',
      'introspection_endpoint',
      'userinfo_endpoint',
      'token_endpoint_auth_signing_alg_values_supported',
    ])
      expect(metadata).not.toHaveProperty(absent);
    expect(listOf('token_endpoint_auth_methods_supported')).toEqual(['none', 'client_secret_basic', 'client_secret_post']);
  });

  it('[A1.16] [A9.08] [A9.09] list every scope a challenge can name and offline_access, and no wildcard', async () => {
    const challenge = (await postJson(system.mcp, {})).headers.get('www-authenticate') ?? '';
    const challenged = /scope="([^"]+)"/.exec(challenge)?.[1]?.split(' ') ?? [];
    const fromTools = system.config.resources.flatMap(({ tools }) => Object.values(tools).flatMap(({ scopes }) => scopes));
    expect(challenged.length).toBeGreaterThan(0);
    expect(listOf('scopes_supported')).toEqual(expect.arrayContaining([...challenged, ...fromTools, 'offline_access']));
    expect(listOf('scopes_supported').filter((scope) => /\*|^(all|full-access|full)$/i.test(scope))).toEqual([]);
    const { tokens } = await login(system, { login: 'carol', changes: { scope: listOf('scopes_supported').join(' ') } });
    expect(tokens.scope.split(' ')).toEqual(expect.arrayContaining([...challenged, ...fromTools]));
  });

  it('[A1.18] advertise a revocation endpoint that behaves, and no introspection endpoint', async () => {
    const { client, tokens } = await login(system);
    expect(listOf('revocation_endpoint_auth_methods_supported')).toEqual(['none', 'client_secret_basic', 'client_secret_post']);
    const token = { token: tokens.refresh_token, client_id: client.client_id };
    expect((await postForm(String(metadata['revocation_endpoint']), token)).status).toBe(200);
    expect((await refresh(system, client, tokens.refresh_token)).status).toBe(400);
    expect((await postForm(`${system.issuer}/introspect`, token)).status).toBe(404);
  });

  it('[A1.26] may be kept five minutes, and set no cookie', async () => {
    for (const place of [...places, '/jwks', '/.well-known/oauth-protected-resource/mcp']) {
      const { headers } = await ask(`${system.issuer}${place}`, { headers: { Origin: 'https://app.example' } });
      const [, seconds = '99999'] = /max-age=(\d+)/.exec(headers.get('cache-control') ?? '') ?? [];
      expect(Number(seconds)).toBeLessThanOrEqual(300);
      expect(headers.getSetCookie()).toEqual([]);
      // The same answer for every origin, so caches need not tell origins apart.
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('[A1.20] [B1.07] let clients probe: JSON 404 elsewhere, and any protocol version', async () => {
    for (const place of [
      '/.well-known/openid-configuration/nope',
      '/.well-known/oauth-authorization-server/mcp',
      '/mcp/.well-known/openid-configuration',
      '/.well-known/mcp',
    ]) {
      const { status, headers, body } = await ask(`${system.issuer}${place}`, { headers: { Accept: '*/*' } });
      expect({ place, status, type: headers.get('content-type') }).toMatchObject({ status: 404, type: expect.stringMatching(/json/) });
      expectTidy(JSON.parse(body));
    }
    const html = await ask(`${system.issuer}/.well-known/nope`, { headers: { Accept: 'text/html' } });
    expect([html.status, html.headers.get('content-type')]).toEqual([404, expect.stringMatching(/json/)]);
    for (const version of ['2025-03-26', '2026-07-28', 'nonsense']) {
      const { body } = await ask(`${system.issuer}${places[0]}`, { headers: { 'MCP-Protocol-Version': version } });
      expect(JSON.parse(body)).toEqual(metadata);
    }
    expect(await discoverAuthorizationServerMetadata(system.issuer)).toMatchObject({ issuer: system.issuer });
  });

  it('[A1.21] [A5.10] are open to browsers like every endpoint of programs, and the authorization endpoint is not', async () => {
    const asking = { Origin: 'https://inspector.example', 'Access-Control-Request-Method': 'POST' };
    const wanted = ['mcp-protocol-version', 'content-type', 'authorization', 'dpop'];
    for (const path of [...places, '/jwks', '/token', '/register', '/revoke']) {
      const headers = { ...asking, 'Access-Control-Request-Headers': wanted.join(', ') };
      const preflight = await ask(`${system.issuer}${path}`, { method: 'OPTIONS', headers });
      expect([path, preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([path, 204, '*']);
      const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, */);
      expect(allowed).toEqual(expect.arrayContaining(wanted));
    }
    const url = authorizeUrl(system, await register(system), pkce());
    await expectBegun(system, url);
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await ask(url, { method, headers: asking });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('what the request claims about our address', () => {
  const forged = ['X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Original-Host', 'Forwarded'];

  it('[W1] [A1.22] changes no address in any document', async () => {
    for (const place of [...places, '/.well-known/oauth-protected-resource/mcp']) {
      const { body: baseline } = await raw(system, place);
      expect(baseline).toContain(system.issuer);
      for (const name of forged) {
        const answer = await raw(system, place, {
          headers: [`${name}: ${name === 'Forwarded' ? 'host=evil.test;proto=https' : 'evil.test'}`],
        });
        expect([name, answer.status, answer.body]).toEqual([name, 200, baseline]);
        expect(answer.text).not.toContain('evil');
      }
    }
    const started = await raw(system, new URL(authorizeUrl(system, await register(system), pkce())).href.slice(system.issuer.length), {
      headers: ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'],
    });
    expect(started.status).toBe(303);
    expect(started.text).not.toMatch(/evil|https:/);
  });

  it('[W1] [W140] is refused when it is the wrong host, with nothing done', async () => {
    const { host } = new URL(system.issuer);
    const target = authorizeUrl(system, await register(system), pkce()).href.slice(system.issuer.length);
    const before = await effectsOf(system);
    const requests: [string, string, { host: string | null; headers?: string[] }][] = [
      ['another host', target, { host: 'evil.test' }],
      ['user information', target, { host: `${host.split(':')[0]}:1@evil.test` }],
      ['our name at another port', target, { host: 'localhost:1' }],
      ['a rebound name', target, { host: `evil.test:${host.split(':')[1]}` }],
      ['a dot behind', target, { host: host.replace(':', '.:') }],
      ['two hosts', target, { host, headers: ['Host: evil.test'] }],
      ['two hosts, ours last', target, { host: 'evil.test', headers: [`Host: ${host}`] }],
      ['no host', target, { host: null }],
      ['an empty host', target, { host: '' }],
      ['absolute form', `http://evil.test${target}`, { host }],
      ['two slashes', `//evil.test${target}`, { host }],
    ];
    for (const [name, path, options] of requests) {
      for (const asked of [path, path.replace(target, places[0] ?? '')]) {
        const { status, text } = await raw(system, asked, options);
        expect([name, [400, 421].includes(status)]).toEqual([name, true]);
        expect(text).not.toContain('evil');
      }
    }
    expect(await effectsOf(system)).toEqual(before);
    expect((await raw(system, target)).status).toBe(303);
  });

  it('[A1.06] never becomes the issuer, which must be a bare https origin outside loopback', () => {
    const issuer = ConfigSchema.shape.issuer;
    expect(issuer.safeParse('https://login.example').success).toBe(true);
    for (const wrong of [
      'http://login.example',
      'https://login.example/',
      'https://login.example/a',
      'https://login.example?a',
      'https://login.example#a',
    ])
      expect([wrong, issuer.safeParse(wrong).success]).toEqual([wrong, false]);
  });
});

describe('what is advertised', () => {
  it('[W3] works, and what is not is refused', async () => {
    const client = await register(system);
    const { tokens } = await login(system, { client });
    expect((await refresh(system, client, tokens.refresh_token)).status).toBe(200);
    const url = (changes: Record<string, string>) => authorizeUrl(system, client, pkce(), changes);
    for (const response_type of listOf('response_types_supported')) await expectBegun(system, url({ response_type }));
    for (const response_mode of listOf('response_modes_supported')) await expectBegun(system, url({ response_mode }));
    for (const scope of listOf('scopes_supported')) await expectBegun(system, url({ scope }));
    for (const response_type of ['token', 'id_token', 'code token', 'code id_token', 'none', 'device_code'])
      await expectError(system, url({ response_type }), 'unsupported_response_type');
    for (const response_mode of ['fragment', 'form_post', 'web_message', 'query.jwt', 'junk'])
      await expectError(system, url({ response_mode }), 'invalid_request');
    await expectError(system, url({ code_challenge_method: 'plain' }), 'invalid_request');
    const before = await effectsOf(system);
    for (const grant_type of [
      'password',
      'implicit',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ]) {
      const fields = { grant_type, client_id: client.client_id, username: 'alice', password: 'demo', scope: 'read' };
      const answer = await postForm(`${system.issuer}/token`, fields);
      expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: 'unsupported_grant_type' })]);
    }
    expect(await effectsOf(system)).toEqual(before);
  });
});
