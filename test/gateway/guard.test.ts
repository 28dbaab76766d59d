import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, importJWK } from 'jose';
import type { JWK } from 'jose';
import {
  makeStanding,
  openGatewayWorld,
  OTHER_GRANT,
  callTool,
  post,
  rawPost,
  sendRaw,
  statusOf,
  GRANT,
} from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';
import { UserId, TenantId, ClientId } from '../../src/domain/ids.ts';

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const encoder = new TextEncoder();
const base64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('the guard', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld({ origins: ['http://inspector.test'], limits: { authorityTimeout: 200 } });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
  const payload = (): Record<string, unknown> => {
    const now = Math.floor(Date.now() / 1000);
    const who = { sub: 'user-1', client_id: 'client-1', tenant: 'acme', grant_id: GRANT };
    return { iss: world.issuer, aud: world.endpoint, ...who, scope: 'notes:read', iat: now, exp: now + 600, jti: 'x' };
  };

  async function expectInvalid(headers: Record<string, string>): Promise<void> {
    const response = await post(world, LIST, headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", scope="notes:read", resource_metadata="http/);
    expect(await response.text()).not.toMatch(/list_notes|add_note|backdoor/);
    expect(world.recorder.requests).toHaveLength(0);
  }

  async function expectPasses(token: string): Promise<void> {
    const response = await post(world, LIST, bearer(token));
    expect(response.status).toBe(200);
    expect(world.recorder.requests).toHaveLength(1);
    world.recorder.reset();
  }

  it.each(['initialize', 'server/discover', 'tools/list', 'tools/call', 'ping'])(
    '[G2.01] [G2.02] [G2.03] [G2.15] [G3.10] %s without credentials is challenged, with the baseline and without an error',
    async (method) => {
      const response = await fetch(world.endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} }),
      });
      expect(response.status).toBe(401);
      const metadata = `${world.issuer}/.well-known/oauth-protected-resource/mcp`;
      expect(response.headers.get('www-authenticate')).toBe(`Bearer scope="notes:read", resource_metadata="${metadata}"`);
      expect(extractWWWAuthenticateParams(response)).toEqual({
        resourceMetadataUrl: new URL(metadata),
        scope: 'notes:read',
        error: undefined,
      });
      expect(await response.json()).toEqual({ error: 'unauthorized', error_description: expect.stringMatching(/^Sign in first/) });
      expect(world.recorder.requests).toHaveLength(0);
    },
  );

  it.each(['GET', 'DELETE'])('[G2.01] [B3.04] so is %s', async (method) => {
    const response = await fetch(world.endpoint, { method });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/resource_metadata=/);
    const other = await fetch(world.endpoint, { method, headers: { 'MCP-Protocol-Version': '2026-07-28' } });
    expect(other.headers.get('www-authenticate')).toBe(response.headers.get('www-authenticate'));
  });

  it('[G2.12] a token in the query is no token', async () => {
    const token = await world.token();
    const response = await fetch(`${world.endpoint}?access_token=${token}`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).not.toMatch(/error=/);
    await expectPasses(token);
  });

  it('[W141] the cookie of a signed-in person is no token', async () => {
    const response = await fetch(world.endpoint, { method: 'POST', headers: { Cookie: '__Host-session=admin' }, body: '{}' });
    expect(response.status).toBe(401);
  });

  it('[G2.11] two Authorization headers, two tokens or a form are malformed', async () => {
    const token = await world.token();
    const body = JSON.stringify(LIST);
    const twice = await rawPost(
      world,
      [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`, 'Content-Type: application/json'],
      body,
    );
    const query = await rawPost(
      world,
      [`Authorization: Bearer ${token}`, 'Content-Type: application/json'],
      body,
      `/mcp?access_token=${token}`,
    );
    const form = await rawPost(
      world,
      [`Authorization: Bearer ${token}`, 'Content-Type: application/x-www-form-urlencoded'],
      `access_token=${token}`,
    );
    for (const raw of [twice, query, form]) {
      expect(statusOf(raw)).toBe(400);
      expect(raw).toMatch(/WWW-Authenticate: Bearer error="invalid_request"/);
    }
    expect(world.recorder.requests).toHaveLength(0);
    await expectPasses(token);
  });

  it('[G2.13] the scheme may be written in any case', async () => {
    const token = await world.token();
    for (const scheme of ['bearer', 'BEARER']) {
      expect((await post(world, LIST, { Authorization: `${scheme} ${token}` })).status).toBe(200);
    }
  });

  it.each([
    ['the prefix of the identifier', (w: GatewayWorld) => ({ aud: w.issuer })],
    ['another resource that begins alike', (w: GatewayWorld) => ({ aud: `${w.endpoint}2` })],
    ['a trailing slash', (w: GatewayWorld) => ({ aud: `${w.endpoint}/` })],
    ['another case', (w: GatewayWorld) => ({ aud: w.endpoint.toUpperCase() })],
    ['a list of audiences with ours in it', (w: GatewayWorld) => ({ aud: [w.endpoint, 'https://other.example'] })],
    ['no audience', () => ({ aud: undefined })],
    ['another issuer', () => ({ iss: 'https://login.example' })],
    ['the issuer with a slash', (w: GatewayWorld) => ({ iss: `${w.issuer}/` })],
    ['[G3.05] another tenant than the grant', () => ({ tenant: 'globex' })],
    ['another person than the grant', () => ({ sub: 'user-2' })],
    ['another client than the grant', () => ({ client_id: 'client-2' })],
    ['an unknown grant', () => ({ grant_id: OTHER_GRANT })],
    ['no grant', () => ({ grant_id: undefined })],
    ['[G3.02] an expiry long past', () => ({ exp: Math.floor(Date.now() / 1000) - 31 })],
    ['[G3.02] a time it is not valid yet', () => ({ nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['the word of a clock that is more than a minute ahead', () => ({ iat: Math.floor(Date.now() / 1000) + 65 })],
    ['claims that are no claims', () => ({ exp: 'never', scope: 7 })],
  ])('[W135] [G2.04] [G3.03] refuses a token with %s', async (_, changed) => {
    await expectPasses(await world.token());
    await expectInvalid(bearer(await world.token(changed(world))));
  });

  it('[G3.02] allows clocks to differ by half a minute and no more', async () => {
    await expectPasses(await world.token({ exp: Math.floor(Date.now() / 1000) - 20 }));
  });

  it('takes a token of an instance whose clock is almost a minute ahead', async () => {
    await expectPasses(await world.token({ iat: Math.floor(Date.now() / 1000) + 50 }));
  });

  it('[W135] a token for one resource does not open another that stands for somebody else', async () => {
    world.standings.set(GRANT, makeStanding(world.resource, { resource: `${world.issuer}/other` }));
    await expectInvalid(bearer(await world.token()));
    for (const changed of [
      { user: { id: UserId.parse('x'), name: null, email: null } },
      { tenant: { id: TenantId.parse('x'), name: 'X' } },
      { client: { id: ClientId.parse('x'), name: 'X' } },
    ]) {
      world.standings.set(GRANT, makeStanding(world.resource, changed));
      await expectInvalid(bearer(await world.token()));
    }
    world.allow(['notes.read'], ['notes:read']);
    await expectPasses(await world.token());
  });

  it('[W136] [G3.02] [G3.04] refuses every forged or foreign token', async () => {
    const jwk = world.signer.publicKeys()[0] as unknown as JWK & { kid: string };
    const publicKey = await importJWK(jwk, 'ES256');
    const { privateKey, publicKey: theirs } = await generateKeyPair('ES256', { extractable: true });
    const rsa = await generateKeyPair('RS256', { extractable: true });
    const sign = (header: Record<string, unknown>, key: Parameters<CompactSign['sign']>[0]): Promise<string> =>
      new CompactSign(encoder.encode(JSON.stringify(payload())))
        .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'at+jwt', ...header })
        .sign(key);
    const good = await world.token();
    const [header = '', body = '', signature = ''] = good.split('.');
    const foreign = await exportJWK(theirs);
    const spki = await exportSPKI(publicKey as Awaited<ReturnType<typeof generateKeyPair>>['publicKey']);
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const forged: [string, string][] = [
      ['alg none', `${base64({ alg: 'none', typ: 'at+jwt' })}.${body}.`],
      ['alg none with our kid', `${base64({ alg: 'none', kid: jwk.kid, typ: 'at+jwt' })}.${body}.${signature}`],
      ['alg None', `${base64({ alg: 'None', kid: jwk.kid, typ: 'at+jwt' })}.${body}.`],
      ['HS256 under our key as PEM', await sign({ alg: 'HS256' }, encoder.encode(spki))],
      ['HS256 under our key as JWK', await sign({ alg: 'HS256' }, encoder.encode(JSON.stringify(jwk)))],
      ['HS256 under an empty key', `${base64({ alg: 'HS256', kid: jwk.kid, typ: 'at+jwt' })}.${body}.${base64('')}`],
      ['another key under our kid', await sign({}, privateKey)],
      ['another key brought along', await sign({ jwk: foreign, kid: undefined }, privateKey)],
      ['a key address brought along', await sign({ jku: 'https://evil.example/jwks', kid: 'evil' }, privateKey)],
      ['another algorithm under our kid', await sign({ alg: 'RS256' }, rsa.privateKey)],
      ['an unknown kid', await sign({ kid: '../../dev/null' }, privateKey)],
      ['a changed signature', `${header}.${body}.${flipped}`],
      ['a changed payload', `${header}.${base64({ ...payload(), scope: 'admin' })}.${signature}`],
      ['an all-zero signature', `${header}.${body}.${Buffer.alloc(64).toString('base64url')}`],
      ['an unknown critical header', `${base64({ alg: 'ES256', kid: jwk.kid, typ: 'at+jwt', crit: ['x'], x: 1 })}.${body}.${signature}`],
      ['an ID token of ours', await world.signer.sign('JWT', payload())],
      ['our own assertion', await world.signer.sign('drawbridge-assertion+jwt', payload())],
      ['no signature part', `${header}.${body}`],
      ['no JWT at all', 'opaque-token'],
    ];
    for (const [, token] of forged) await expectInvalid(bearer(token));
    await expectPasses(good);
  });

  it('[G3.01] [G6.01] asks for the token on every request of one connection', async () => {
    const token = await world.token();
    const { host } = new URL(world.issuer);
    const body = JSON.stringify(LIST);
    const request = (authorization: string, closing: string): string =>
      `POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n${closing}\r\n${body}`;
    const raw = await sendRaw(world, request(`Authorization: Bearer ${token}\r\n`, '') + request('', 'Connection: close\r\n'));
    expect([...raw.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])).toEqual(['200', '401']);
    expect(world.recorder.requests).toHaveLength(1);
  });

  it('[G3.06] [G3.07] a grant that ended and a role that was lost count at once, however fresh the token', async () => {
    const token = await world.token();
    await expectPasses(token);
    world.standings.set(GRANT, null);
    await expectInvalid(bearer(token));
    world.allow(['notes.read'], ['notes:read', 'notes:write']);
    const demoted = await post(world, callTool('add_note'), bearer(token));
    expect(await demoted.json()).toMatchObject({ error: { code: -32003 } });
    expect(world.recorder.requests).toHaveLength(0);
  });

  it.each([
    ['throws', async () => Promise.reject(new Error('down'))],
    ['answers nonsense', async () => ({ grantId: GRANT }) as never],
    ['answers nothing', async () => undefined as never],
    ['never answers', () => new Promise<never>(() => {})],
  ])('[W151] allows nothing when the authority %s', async (_, answer) => {
    await expectPasses(await world.token());
    world.standings.set(GRANT, answer);
    const response = await post(world, callTool('list_notes'));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(world.recorder.requests).toHaveLength(0);
  });

  it('[W140] [G5.12] refuses a foreign Origin or Host before anything else, and answers known ones', async () => {
    const authority = world.standings.get(GRANT);
    let asked = 0;
    world.standings.set(GRANT, async () => {
      asked += 1;
      return authority as never;
    });
    const token = await world.token();
    for (const origin of ['https://evil.example', 'null', `${world.issuer}.evil.example`, world.issuer.toUpperCase()]) {
      const response = await post(world, LIST, { ...bearer(token), Origin: origin });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const line = [`Authorization: Bearer ${token}`, 'Content-Type: application/json'];
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1']) {
      expect(statusOf(await rawPost(world, [`Host: ${host}`, ...line], JSON.stringify(LIST)))).toBe(421);
    }
    expect(asked).toBe(0);
    expect(world.recorder.requests).toHaveLength(0);
    for (const origin of [world.issuer, 'http://inspector.test']) {
      const response = await post(world, LIST, { ...bearer(token), Origin: origin });
      expect(response.status).toBe(200);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    }
    expect(asked).toBe(2);
  });

  it('[G2.16] tells pages what they may send and read, without a token', async () => {
    const preflight = await fetch(world.endpoint, {
      method: 'OPTIONS',
      headers: { Origin: 'http://inspector.test', 'Access-Control-Request-Headers': 'authorization,mcp-param-region,x-evil' },
    });
    expect(preflight.status).toBe(204);
    const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['authorization', 'mcp-method', 'mcp-session-id', 'last-event-id', 'mcp-param-region']));
    expect(allowed).not.toContain('x-evil');
    const challenged = await fetch(world.endpoint, { method: 'POST', headers: { Origin: 'http://inspector.test' }, body: '{}' });
    expect(challenged.headers.get('access-control-expose-headers')).toMatch(/WWW-Authenticate, Mcp-Session-Id/);
    expect((await fetch(world.endpoint, { method: 'OPTIONS', headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  });

  it('[G4.05] writes no token to the log or the audit', async () => {
    const tokens = [await world.token(), await world.token({ aud: 'x' }), await world.token({ grant_id: OTHER_GRANT })];
    for (const token of tokens) await post(world, callTool('list_notes'), bearer(token));
    expect(world.logged.length).toBeGreaterThan(1);
    const written = JSON.stringify([world.logged, world.audit]);
    for (const token of tokens) for (const part of token.split('.')) expect(written).not.toContain(part);
  });
});
