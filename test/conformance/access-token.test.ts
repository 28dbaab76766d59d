import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { Secret } from '../../src/domain/secret.ts';
import { collections } from '../../src/stores/collections.ts';
import { tokenDesk } from '../support/codes.ts';
import type { SignedIn } from '../support/client.ts';
import { authorizeUrl, callTool, claimsOf, consent, login, openBrowser, pkce } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { openHostileIdp } from '../support/hostile-idp.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let like: SignedIn;
let desk: ReturnType<typeof tokenDesk>;

beforeAll(async () => {
  system = await startSystem({ configure: (config) => ({ ...config, limits: { ...config.limits, tokenFailuresPerMinute: 1_000_000 } }) });
  like = await login(system);
  desk = tokenDesk(system, like);
});
afterAll(() => system.close());

describe('an access token', () => {
  it('is a signed JWT of its type that anybody can verify, saying who, where and what for [A10.07] [A10.08] [W92] [UP-01]', async () => {
    const token = (await desk.post((await desk.fresh()).fields)).body['access_token'] ?? '';
    const keys = createRemoteJWKSet(new URL(`${system.issuer}/jwks`));
    const currentDate = new Date(system.clock.now());
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: system.issuer,
      audience: system.mcp,
      typ: 'at+jwt',
      currentDate,
    });
    expect(protectedHeader).toMatchObject({ typ: 'at+jwt', alg: 'ES256', kid: expect.any(String) });
    const named = ['iss', 'sub', 'aud', 'client_id', 'scope', 'tenant', 'grant_id', 'iat', 'exp', 'jti', 'auth_time', 'acr', 'amr'];
    expect(Object.keys(payload).filter((name) => !named.includes(name))).toEqual([]);
    expect(payload).toMatchObject({ aud: system.mcp, client_id: like.client.client_id, tenant: 'acme', scope: 'read write' });
    expect(payload['grant_id']).toEqual(expect.stringMatching(/^[\w-]{22}$/));
    expect(JSON.stringify(payload)).not.toMatch(/alice|@|Editor|editor/i);
  });

  it('names the person by an id of ours that stays, and never twice the same token [A10.10] [W92]', async () => {
    const [one, two, bob] = [
      like.tokens,
      (await login(system)).tokens,
      (await login(system, { login: 'bob', scope: ['read'] })).tokens,
    ].map(({ access_token }) => claimsOf(access_token));
    expect(one?.['sub']).toMatch(/^u_[\w-]{22}$/);
    expect(two?.['sub']).toBe(one?.['sub']);
    expect(bob?.['sub']).not.toBe(one?.['sub']);
    expect(two?.['jti']).not.toBe(one?.['jti']);
  });

  it('is the only thing the gateway takes for one [W92] [A10.13]', async () => {
    const { code, fields } = await desk.fresh();
    const { body } = await desk.post(fields);
    for (const word of [body['refresh_token'] ?? '', code, like.client.client_id]) {
      expect((await callTool(system, word, 'whoami')).status).toBe(401);
    }
    expect((await callTool(system, body['access_token'] ?? '', 'whoami')).status).toBe(200);
    expect(body).not.toHaveProperty('id_token');
    expect(decodeProtectedHeader(body['access_token'] ?? '').typ).toBe('at+jwt');
  });
});

describe('a login from end to end', () => {
  it('says the same at the gateway as in the token [AM-13] [AB-12]', async () => {
    const { tokens } = await login(system, { scope: ['read'] });
    expect(claimsOf(tokens.access_token)).toMatchObject({ scope: 'read', tenant: 'acme' });
    expect((await callTool(system, tokens.access_token, 'list_notes')).status).toBe(200);
    expect((await callTool(system, tokens.access_token, 'add_note', { text: 'x' })).status).toBe(403);
  });

  it('nothing of a code or a token is in the store or in the log [A11.09] [W172]', async () => {
    const { code, tokens } = await login(system);
    const stored = await Promise.all(collections.map(async (collection) => system.engine.page(collection, { limit: 1000 })));
    const kept = JSON.stringify(stored) + system.lines.join('');
    for (const secret of [code, tokens.access_token, tokens.refresh_token]) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(secret.split('.').at(-1));
    }
    expect(kept).toContain(String(claimsOf(tokens.access_token)['grant_id']));
  });

  it('the code comes once, in the address of the client and nowhere else', async () => {
    const secrets = pkce();
    const answer = await consent(openBrowser(), authorizeUrl(system, like.client, secrets));
    expect(answer.searchParams.getAll('code')).toHaveLength(1);
    expect(answer.hash).toBe('');
  });
});

describe('what the identity provider gave us', () => {
  it('is nobody else’s: no token of its leaves us or stays in the store or the log [A10.11] [W101] [Q-ANY-20]', async () => {
    const idp = await openHostileIdp({ person: { sub: 'person-1', name: 'Ana', email: 'ana@x.example', groups: ['eng'] } });
    const upstreamTokens: string[] = [];
    idp.script = {
      tokenResponse: (body) => {
        const all = { ...body, refresh_token: `CNRYrefresh${String(body['access_token'])}` };
        upstreamTokens.push(String(body['access_token']), String(body['id_token']), all.refresh_token);
        return all;
      },
    };
    const other = await startSystem({
      configure: (config) => ({
        ...config,
        connections: config.connections.map((connection) => ({
          ...connection,
          issuer: idp.issuer,
          client_id: idp.client_id,
          client_secret: new Secret<'client_secret'>(idp.client_secret ?? ''),
        })),
      }),
    });
    try {
      const { tokens } = await login(other);
      const claims = claimsOf(tokens.access_token);
      const stored = await Promise.all(collections.map(async (collection) => other.engine.page(collection, { limit: 1000 })));
      const everything = JSON.stringify([tokens, claims, stored, other.lines]);
      expect(upstreamTokens).toHaveLength(3);
      for (const token of upstreamTokens) expect(everything).not.toContain(token);
      expect(everything).not.toContain('CNRY');
      expect(everything).toContain('person-1');
      expect(claims).not.toHaveProperty('email');
    } finally {
      await other.close();
      await idp.close();
    }
  });
});
