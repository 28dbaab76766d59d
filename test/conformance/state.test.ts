import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClient } from '../support/client.ts';
import { authorizeUrl, consent, openBrowser, pkce, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { effectsOf, expectError, expectPage, raw } from '../support/wire.ts';

let system: System;
let client: TestClient;
beforeAll(async () => {
  system = await startSystem();
  client = await register(system);
});
afterAll(() => system.close());

const url = (changes: Record<string, string | null> = {}) => authorizeUrl(system, client, pkce(), changes);

describe('the state', () => {
  const hostile = [
    'x&code=stolen&iss=https://evil.test',
    'x#code=stolen',
    'x\r\nSet-Cookie: x=1',
    'ünï¢ødé ✓ 𝒳',
    'ĊčĀ',
    '+/=%&?;: ',
    '%2B%26%0d%0a',
    '{"$ne":null}',
    '\0',
    'x'.repeat(4096),
    ...Array.from({ length: 12 }, () => randomBytes(375).toString('base64')),
  ];

  it.each(hostile)('[A5.05] [W15] [W175] returns as it came, once: %j', async (state) => {
    const target = await expectError(system, url({ state, response_type: 'token' }), 'unsupported_response_type');
    expect([...target.searchParams.keys()].toSorted()).toEqual(['error', 'iss', 'state']);
    expect(target.hash).toBe('');
    const plain = await raw(system, url({ response_type: 'token' }).href.slice(system.issuer.length));
    const mangled = await raw(system, url({ state, response_type: 'token' }).href.slice(system.issuer.length));
    expect(mangled.headers.map(([name]) => name)).toEqual(plain.headers.map(([name]) => name));
  });

  it('[A5.05] [A5.06] [W15] returns with the code just the same, and the address keeps its own query', async () => {
    const redirect_uri = 'https://app.example.test/cb?x=1&y=%2F';
    const own = await register(system, { redirect_uris: [redirect_uri] });
    for (const state of hostile.slice(0, 9)) {
      const back = await consent(openBrowser(), authorizeUrl(system, own, pkce(), { state, iss: 'https://evil.test' }));
      expect(back.href.startsWith(`${redirect_uri}&`)).toBe(true);
      expect([...back.searchParams.keys()].toSorted()).toEqual(['code', 'iss', 'state', 'x', 'y']);
      expect([back.searchParams.get('state'), back.searchParams.get('iss')]).toEqual([state, system.issuer]);
    }
  });

  it('[A5.05] [W15] stays away when none was sent, and too long a one is a page', async () => {
    for (const state of [null, '']) {
      const back = await consent(openBrowser(), url({ state }));
      expect([...back.searchParams.keys()].toSorted()).toEqual(['code', 'iss']);
    }
    await expectPage(system, url({ state: 'x'.repeat(4097) }), 'malformed-request');
    const before = await effectsOf(system);
    const endless = await raw(system, url({ state: 'x'.repeat(100_000) }).href.slice(system.issuer.length));
    expect([[400, 414, 431].includes(endless.status), endless.text.includes('Location')]).toEqual([true, false]);
    expect(await effectsOf(system)).toEqual(before);
  });

  it('[W15] that is not UTF-8 is refused on a page, since it could not return as it came', async () => {
    const sent = (bytes: string) => url({ response_type: 'token' }).href.replace('state=test-state', `state=a${bytes}`);
    for (const bytes of ['%ff', '%c3%28', '%c0%af', '%ed%a0%80', '%F0%9F']) await expectPage(system, sent(bytes), 'malformed-request');
    for (const [bytes, state] of [
      ['%C3%A9%F0%9F%8C%89', 'aé🌉'],
      ['100%', 'a100%'],
    ] as const)
      expect((await expectError(system, new URL(sent(bytes)), 'unsupported_response_type')).searchParams.get('state')).toBe(state);
  });
});
