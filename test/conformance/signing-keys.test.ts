import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JSONWebKeySet, JWK } from 'jose';
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { signingKeys } from '../../src/stores/collections.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { callTool, claimsOf, login, refresh } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

const day = 86_400_000;

let system: System;
let signedIn: SignedIn;
let refreshToken: string;
beforeAll(async () => {
  system = await startSystem();
  signedIn = await login(system);
  refreshToken = signedIn.tokens.refresh_token;
});
afterAll(() => system.close());

const published = async (): Promise<JSONWebKeySet> => (await (await fetch(`${system.issuer}/jwks`)).json()) as JSONWebKeySet;
const kids = async () => (await published()).keys.map(({ kid }) => String(kid));
const kidOf = (token: string) => (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
const opens = async (token: string) => (await callTool(system, token, 'whoami')).status;

async function newToken(): Promise<string> {
  const tokens = (await (await refresh(system, signedIn.client, refreshToken)).json()) as Tokens;
  refreshToken = tokens.refresh_token;
  return tokens.access_token;
}

/** A token that only somebody with the key itself could make, good for a year. */
async function signedWith(kid: string): Promise<string> {
  const row = await system.engine.get(signingKeys, kid);
  const plain = openSealing(system.masterKey).open('signing_key', String(row?.['sealed']));
  const iat = Math.floor(system.clock.now() / 1000);
  const claims = { ...claimsOf(signedIn.tokens.access_token), iat, exp: iat + 365 * 86_400, jti: `made-${kid}-${iat}` };
  const key = await importJWK(JSON.parse(plain ?? '') as JWK, 'ES256');
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' }).sign(key);
}

/** What a resource server would do that verifies for itself. */
async function verifies(token: string): Promise<boolean> {
  const currentDate = new Date(system.clock.now());
  return jwtVerify(token, createLocalJWKSet(await published()), { issuer: system.issuer, audience: system.mcp, currentDate }).then(
    () => true,
    () => false,
  );
}

describe('the key set', () => {
  it('[W4] [A1.23] holds public members of our own keys and nothing else', async () => {
    const { keys } = await published();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    }
    const upstream = (await (await fetch(`${system.idp}/jwks`)).json()) as JSONWebKeySet;
    const theirs = new Set(upstream.keys.map(({ kid }) => kid));
    expect(keys.filter(({ kid }) => theirs.has(kid))).toEqual([]);
  });

  it('[W4] is all that leaves: the private half is kept sealed', async () => {
    const rows = await system.engine.page(signingKeys);
    for (const row of rows) {
      const plain = openSealing(system.masterKey).open('signing_key', String(row['sealed'])) ?? '';
      const { d } = JSON.parse(plain) as { d: string };
      expect(d).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(JSON.stringify(row) + system.lines.join('')).not.toContain(d);
    }
    for (const path of ['/jwks', '/.well-known/jwks.json', '/keys', '/debug', '/export', '/.well-known/oauth-authorization-server'])
      expect(await (await fetch(`${system.issuer}${path}`)).text()).not.toMatch(/"(d|p|q|dp|dq|qi|oth|k|sealed)":/);
  });
});

describe('a change of keys', () => {
  it('[W5] [A1.23] publishes the next key before it signs, both while either is in use, and drops the old one after', async () => {
    expect([await kids(), kidOf(signedIn.tokens.access_token)]).toEqual([['key-1'], 'key-1']);
    for (let month = 0; month < 4; month += 1) {
      system.clock.advance(21 * day);
      await system.tend();
      expect([await kids(), kidOf(await newToken())]).toEqual([['key-1'], 'key-1']);
    }
    // Day 88: published, not yet signing.
    system.clock.advance(4 * day + 1000);
    await system.tend();
    expect((await kids()).toSorted()).toEqual(['key-1', 'key-2']);
    const early = await newToken();
    expect([kidOf(early), await opens(early), await verifies(early)]).toEqual(['key-1', 200, true]);
    const tooEarly = await signedWith('key-2');
    expect([await opens(tooEarly), await opens(await signedWith('key-1'))]).toEqual([401, 200]);
    // The last minute of the first key: its token outlives its turn.
    system.clock.advance(2 * day - 60_000);
    const last = await newToken();
    expect(kidOf(last)).toBe('key-1');
    // Day 90: the next one signs, with nobody having to do anything.
    system.clock.advance(120_000);
    const first = await newToken();
    expect(kidOf(first)).toBe('key-2');
    expect([await opens(last), await opens(first), await opens(tooEarly)]).toEqual([200, 200, 200]);
    expect([await verifies(last), await verifies(first)]).toEqual([true, true]);
    expect((await kids()).toSorted()).toEqual(['key-1', 'key-2']);
    // Day 92: whatever the first key signed has expired, and what it would sign now is nobody's.
    system.clock.advance(2 * day + 60_000);
    expect(await kids()).toEqual(['key-2']);
    const retired = await signedWith('key-1');
    expect([await opens(retired), await verifies(retired)]).toEqual([401, false]);
    await system.tend();
    expect([await kids(), kidOf(await newToken()), await opens(await newToken())]).toEqual([['key-2'], 'key-2', 200]);
  });
});
