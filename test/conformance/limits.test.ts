import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transactions } from '../../src/stores/collections.ts';
import type { SignedIn, TestClient } from '../support/client.ts';
import { authorizeUrl, login, pkce, postForm, postJson, refresh, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, countOf, expectBegun, kindOf, raw, rowsOf, sendRaw, withinOneMinute } from '../support/wire.ts';

const metadata = { client_name: 'Lantern', redirect_uris: ['https://app.example.test/cb'], token_endpoint_auth_method: 'none' };
const forwarded = (address: string) => ({ 'X-Forwarded-For': address, 'X-Real-IP': address, Forwarded: `for=${address}` });

/** How often each status came. */
async function tally(count: number, request: (index: number) => Promise<Response>): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (let index = 0; index < count; index += 1) {
    const response = await request(index);
    await response.text();
    if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    found[response.status] = (found[response.status] ?? 0) + 1;
  }
  return found;
}

const limits = {
  authorizePerMinute: 20,
  registerPerMinute: 20,
  tokenFailuresPerMinute: 20,
  scimFailuresPerMinute: 20,
  answersPerMinute: 20,
  previewsPerMinute: 20,
};

describe('floods from one address', () => {
  let system: System;
  let signedIn: SignedIn;
  beforeAll(async () => {
    system = await startSystem({ configure: (config) => ({ ...config, limits }) });
    withinOneMinute(system);
    signedIn = await login(system);
  });
  afterAll(() => system.close());

  it('[W27] [W28] [A2.14] of registrations are cut off whatever the headers say, and store nothing', async () => {
    const before = await rowsOf(system);
    const statuses = await tally(30, (index) =>
      postJson(`${system.issuer}/register`, { ...metadata, client_name: `Lantern ${index}` }, forwarded(`10.0.0.${index}`)),
    );
    expect(statuses).toEqual({ 201: 19, 429: 11 });
    expect(await rowsOf(system)).toEqual(before);
  });

  it('[W23] [W28] of authorization requests leave few transactions, which go when their time is over', async () => {
    const before = await countOf(system, transactions);
    const url = authorizeUrl(system, signedIn.client, pkce());
    const statuses = await tally(30, (index) => fetch(url, { redirect: 'manual', headers: forwarded(`10.0.1.${index}`) }));
    expect(statuses).toEqual({ 303: 19, 429: 11 });
    expect(await countOf(system, transactions)).toBe(before + 19);
    const page = await ask(url);
    expect([kindOf(page.body), page.location, page.headers.getSetCookie()]).toEqual(['too-many-tries', null, []]);
    // Somebody who is signed in already notices nothing.
    const { client, tokens } = signedIn;
    expect((await refresh(system, client, tokens.refresh_token)).status).toBe(200);
    system.clock.advance(10 * 60_000 + 1);
    await system.tend();
    expect(await countOf(system, transactions)).toBe(0);
  });

  it('[W28] of guesses at the token endpoint are cut off, and mistakes in form are not counted', async () => {
    const { client_id } = signedIn.client;
    expect(await tally(40, () => postForm(`${system.issuer}/token`, { client_id }))).toEqual({ 400: 40 });
    const guess = { grant_type: 'refresh_token', client_id };
    const statuses = await tally(30, (index) =>
      postForm(`${system.issuer}/token`, { ...guess, refresh_token: `db_rt_${index}` }, forwarded(`10.0.2.${index}`)),
    );
    expect(statuses).toEqual({ 400: 20, 429: 10 });
  });
});

describe('floods behind a proxy that is trusted', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ configure: (config) => ({ ...config, limits, trustedProxies: ['127.0.0.1', '10.1.0.0/16'] }) });
    withinOneMinute(system);
  });
  afterAll(() => system.close());

  const registering = (header: string) => postJson(`${system.issuer}/register`, metadata, { 'X-Forwarded-For': header });

  it('[W28] [W177] are counted by the right-most address that is not a proxy, and by network for IPv6', async () => {
    expect(await tally(25, (index) => registering(`1.2.3.${index}, 198.51.100.1, 10.1.2.3`))).toEqual({ 201: 20, 429: 5 });
    expect(await tally(25, (index) => registering(`2001:db8:1:2:${index}::${index}`))).toEqual({ 201: 20, 429: 5 });
    expect(await tally(25, (index) => registering(`::ffff:203.0.113.9${index % 2 === 0 ? '' : ' '}`))).toEqual({ 201: 20, 429: 5 });
    expect(await tally(5, (index) => registering(`2001:db8:1:${index + 3}::1`))).toEqual({ 201: 5 });
    const issuer = await raw(system, '/.well-known/oauth-authorization-server', {
      headers: ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'],
    });
    expect(JSON.parse(issuer.body)).toMatchObject({ issuer: system.issuer });
  });
});

describe('requests without measure', () => {
  let system: System;
  let client: TestClient;
  beforeAll(async () => {
    system = await startSystem();
    client = await register(system);
  });
  afterAll(() => system.close());

  it('[W27] folds any number of identical registrations into one client without a row', async () => {
    const before = await rowsOf(system);
    const ids = new Set<unknown>();
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 30 }, () => postJson(`${system.issuer}/register`, metadata)));
      for (const answer of answers) ids.add(((await answer.json()) as { client_id: string }).client_id);
    }
    expect(ids.size).toBe(1);
    expect(await rowsOf(system)).toEqual(before);
  });

  const json = 'Content-Type: application/json';
  const form = 'Content-Type: application/x-www-form-urlencoded';
  const post = (path: string, headers: string[], body: string) => raw(system, path, { method: 'POST', headers, body });

  it('[W169] [W27] [A2.14] are refused early and leave nothing', async () => {
    const good = JSON.stringify(metadata);
    expect((await post('/register', [json], good)).status).toBe(201);
    const before = await rowsOf(system);
    const many = (uris: number) =>
      JSON.stringify({ ...metadata, redirect_uris: Array.from({ length: uris }, (_, at) => `https://a.test/${at}`) });
    const deep = `${'{"x":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}=1`).join('&');
    const cases: [string, number[], () => Promise<{ status: number }>][] = [
      ['a megabyte of JSON', [413], () => post('/register', [json], JSON.stringify({ ...metadata, x: 'x'.repeat(1_000_000) }))],
      ['a thousand addresses', [400], () => post('/register', [json], many(1000))],
      ['JSON five thousand deep', [400], () => post('/register', [json], deep)],
      ['a hundred thousand parameters', [413], () => post('/token', [form], keys)],
      ['a thousand parameters', [400], () => post('/token', [form], keys.slice(0, 6000))],
      ['multipart', [400, 415], () => post('/token', ['Content-Type: multipart/form-data; boundary=x'], '--x--')],
      ['a compressed body', [400, 415], () => post('/register', [json, 'Content-Encoding: gzip'], gzipSync(good).toString('latin1'))],
      ['a header of 20 KB', [431], () => raw(system, '/jwks', { headers: [`X-Long: ${'x'.repeat(20_000)}`] })],
      ['an address of 16 KB', [400, 414, 431], () => raw(system, `/authorize?state=${'x'.repeat(16_000)}`)],
      ['a query of 15 KB', [400], () => raw(system, `/authorize?${'a=1&'.repeat(3751)}`)],
      ['a thousand query parameters', [400], () => raw(system, `/authorize?${keys.slice(0, 6000)}`)],
      ['a client_id of 12 KB', [400], () => raw(system, `/authorize?client_id=dyn_${'A'.repeat(12_000)}`)],
    ];
    for (const [name, allowed, request] of cases) {
      const { status } = await request();
      expect([name, allowed.includes(status), status]).toEqual([name, true, status]);
    }
    expect(await rowsOf(system)).toEqual(before);
    await expectBegun(system, authorizeUrl(system, client, pkce()));
  });

  it('[W169] ends an endless body instead of reading it', async () => {
    const head = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: ${new URL(system.issuer).host}\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    for (const [path, type] of [
      ['/register', 'application/json'],
      ['/token', 'application/x-www-form-urlencoded'],
      ['/revoke', 'application/x-www-form-urlencoded'],
    ] as const) {
      // No last chunk: an answer at all means the rest was not waited for.
      const answer = await sendRaw(system.issuer, head(path, type) + chunk.repeat(8));
      expect([path, answer.status]).toEqual([path, 413]);
    }
    // A length that promises more than anybody would read is refused before a byte of it came.
    const promised = head('/token', 'application/x-www-form-urlencoded').replace('Transfer-Encoding: chunked', 'Content-Length: 100000000');
    expect((await sendRaw(system.issuer, promised)).status).toBe(413);
  });
});
