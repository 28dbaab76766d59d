import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pkce } from '../support/client.ts';
import { authorizeUrl, callTool, claimsOf, consent, openBrowser, pkce, redeem, refresh } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, effectsOf, expectBegun, expectError, expectPage, kindOf } from '../support/wire.ts';

const redirect_uri = 'http://127.0.0.1:9876/callback';
const day = 86_400_000;

let system: System;
let host: DocumentHost;
beforeAll(async () => {
  host = await openDocumentHost();
  const configured = {
    client_id: `${host.origin}/configured.json`,
    client_name: 'Known',
    redirect_uris: [redirect_uri],
    token_endpoint_auth_method: 'none' as const,
  };
  system = await startSystem({ configure: (config) => ({ ...config, clients: [configured] }) });
});
afterAll(async () => {
  await system.close();
  await host.close();
});

let client_id = '';
let name = '';
let count = 0;
/** Every test has a document of its own, so that no cache of another is in its way. */
beforeEach(() => {
  count += 1;
  name = `/apps/${count}.json`;
  client_id = `${host.origin}${name}`;
  host.hits.length = 0;
});

const publish = (changes: Record<string, unknown> = {}) =>
  host.documents.set(name, { client_id, client_name: 'Lantern', redirect_uris: [redirect_uri], ...changes });
/** Runs with the clock ahead, and puts it back: the identity provider keeps real time. */
async function later(ms: number, body: () => Promise<void>): Promise<void> {
  system.clock.advance(ms);
  try {
    await body();
  } finally {
    system.clock.advance(-ms);
  }
}
const url = (secrets: Pkce = pkce(), changes: Record<string, string> = {}) =>
  authorizeUrl(system, { client_id, redirect_uri }, secrets, changes);

async function wholeLogin(): Promise<Tokens> {
  const secrets = pkce();
  const back = await consent(openBrowser(), url(secrets));
  const code = back.searchParams.get('code') ?? '';
  const response = await redeem(system, { client_id, code, code_verifier: secrets.code_verifier, redirect_uri });
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
}

describe('a client named by its document', () => {
  it('[A3.01] [A3.24] [B3.02] signs a person in, asks for consent like any other, calls a tool and refreshes', async () => {
    publish();
    const tokens = await wholeLogin();
    expect(claimsOf(tokens.access_token)['client_id']).toBe(client_id);
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    const again = await refresh(system, { client_id, redirect_uri }, tokens.refresh_token);
    expect(again.status).toBe(200);
    expect(host.hits).toEqual([name]);
  });

  it('[A3.01] is not fetched when its URL is configured', async () => {
    await expectBegun(system, authorizeUrl(system, { client_id: `${host.origin}/configured.json`, redirect_uri }, pkce()));
    expect(host.hits).toEqual([]);
  });

  it('[A3.15] is fetched once for many requests, at most a day later again', async () => {
    host.documents.set(name, (_, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=99999999' });
      res.end(JSON.stringify({ client_id, client_name: 'Lantern', redirect_uris: [redirect_uri] }));
    });
    for (let round = 0; round < 3; round += 1) await expectBegun(system, url());
    await Promise.all([ask(url()), ask(url()), ask(url())]);
    expect(host.hits).toEqual([name]);
    await later(day - 60_000, async () => {
      await expectBegun(system, url());
      expect(host.hits).toEqual([name]);
    });
    await later(day + 1, async () => {
      await expectBegun(system, url());
      expect(host.hits).toEqual([name, name]);
    });
  });

  it('[A3.11] [W39] [W31] may change: an address taken out is refused once the document is read again', async () => {
    publish({ redirect_uris: [redirect_uri, 'http://127.0.0.1:9876/old'] });
    const old = { client_id, redirect_uri: 'http://127.0.0.1:9876/old' };
    await expectBegun(system, authorizeUrl(system, old, pkce()));
    const tokens = await wholeLogin();
    publish({ redirect_uris: [redirect_uri, 'http://127.0.0.1:9876/new'], client_name: 'Lantern, renamed' });
    await later(5 * 60_000 + 1, async () => {
      await expectPage(system, authorizeUrl(system, old, pkce()), 'unregistered-address');
      // The new address gets nothing without being seen and approved.
      const page = await openBrowser().get(authorizeUrl(system, { client_id, redirect_uri: 'http://127.0.0.1:9876/new' }, pkce()));
      expect([page.status, page.location, page.body.includes('Lantern, renamed')]).toEqual([200, null, true]);
      expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    });
  });

  it('[A3.17] [A3.16] [W39] that is gone is a page, and its tokens go on; when it is back so is the client', async () => {
    publish();
    const tokens = await wholeLogin();
    host.documents.delete(name);
    await later(5 * 60_000 + 1, async () => {
      await expectPage(system, url(), 'unknown-app');
      await expectPage(system, url(), 'unknown-app');
      expect(host.hits.length).toBe(3);
      expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
      expect((await refresh(system, { client_id, redirect_uri }, tokens.refresh_token)).status).toBe(200);
      publish();
      await expectBegun(system, url());
    });
  });
});

describe('a document that will not do', () => {
  // A host that failed five times is left alone for a minute.
  beforeEach(() => system.clock.advance(61_000));

  it.each([
    ['of another client_id', { client_id: 'https://claude.ai/oauth/claude-code-client-metadata' }],
    ['without a client_id', { client_id: undefined }],
    ['without a name', { client_name: undefined }],
    ['without addresses', { redirect_uris: [] }],
    ['with a secret', { client_secret: 'x' }],
    ['with a secret’s expiry', { client_secret_expires_at: 0 }],
    ['with a secret method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['with keys and no way without them', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example.test/jwks' }],
    ['with a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }],
  ] as [string, Record<string, unknown>][])(
    '[A3.05] [A3.06] [A3.08] [A3.16] [A3.17] [W37] is a page without a redirect: %s',
    async (_, changes) => {
      publish(changes);
      const { body } = await expectPage(system, url(), 'unknown-app');
      expect(host.hits).toEqual([name]);
      expect(body).not.toContain(host.origin);
      // The same document without the fault is a client.
      publish();
      await expectBegun(system, url());
    },
  );

  it('[A3.03] [A3.05] [W37] is one whose URL is spelt another way, however small the difference', async () => {
    publish();
    await expectBegun(system, url());
    for (const other of [
      `${client_id}?`,
      `${client_id}#`,
      `${client_id}?a=1`,
      `${client_id}/`,
      client_id.replace('/apps/', '/apps/x/../'),
      client_id.replace('apps', '%61pps'),
      client_id.replace('127.0.0.1', 'localhost'),
    ]) {
      host.documents.set(new URL(other).pathname + new URL(other).search, {
        client_id,
        client_name: 'Lantern',
        redirect_uris: [redirect_uri],
      });
      await expectPage(system, authorizeUrl(system, { client_id: other, redirect_uri }, pkce()), 'unknown-app');
      system.clock.advance(61_000);
    }
  });

  it('[A3.04] [A3.07] [W35] is one that is not simply there as JSON', async () => {
    const document = JSON.stringify({ client_id, client_name: 'Lantern', redirect_uris: [redirect_uri] });
    const answers: [string, number, Record<string, string>, string][] = [
      ['moved', 302, { Location: '/elsewhere.json', 'Content-Type': 'application/json' }, document],
      ['moved for good', 308, { Location: '/elsewhere.json' }, document],
      ['an error', 500, { 'Content-Type': 'application/json' }, document],
      ['partial', 206, { 'Content-Type': 'application/json' }, document],
      ['a page', 200, { 'Content-Type': 'text/html' }, document],
      ['without a type', 200, {}, document],
      ['not JSON', 200, { 'Content-Type': 'application/json' }, `${document}}`],
      ['a member twice', 200, { 'Content-Type': 'application/json' }, document.replace('{', '{"client_name":"x",')],
      ['a list', 200, { 'Content-Type': 'application/json' }, `[${document}]`],
      ['too long', 200, { 'Content-Type': 'application/json' }, document.replace('{', `{"x":"${'x'.repeat(6000)}",`)],
    ];
    for (const [what, status, headers, body] of answers) {
      system.clock.advance(61_000);
      host.documents.set(name, (_, res) => res.writeHead(status, headers).end(body));
      host.hits.length = 0;
      const page = await ask(url());
      expect([what, page.status, page.location, kindOf(page.body), host.hits]).toEqual([what, 400, null, 'unknown-app', [name]]);
    }
    for (const type of ['application/json; charset=utf-8', 'application/client-metadata+json']) {
      system.clock.advance(day);
      host.documents.set(name, (_, res) => res.writeHead(200, { 'Content-Type': type }).end(document));
      await expectBegun(system, url());
    }
  });

  it('[A3.18] [W40] costs its host a few requests a minute, not one for each of ours', async () => {
    const before = await effectsOf(system);
    const pages = await Promise.all(
      Array.from({ length: 60 }, (_, at) => ask(authorizeUrl(system, { client_id: `${host.origin}/made-up/${at}`, redirect_uri }, pkce()))),
    );
    expect(new Set(pages.map(({ status, body }) => `${status} ${kindOf(body)}`))).toEqual(new Set(['400 unknown-app']));
    expect(host.hits.length).toBeLessThanOrEqual(12);
    expect(await effectsOf(system)).toEqual(before);
  });

  it('[A3.02] [A3.13] [W33] is one that only this machine or network could see', async () => {
    const port = new URL(host.origin).port;
    for (const other of [
      `http://127.1:${port}/a.json`,
      `http://2130706433:${port}/a.json`,
      `http://0x7f000001:${port}/a.json`,
      `http://0.0.0.0:${port}/a.json`,
      `http://127.0.0.2:${port}/a.json`,
      `http://[::ffff:127.0.0.1]:${port}/a.json`,
      `http://foo.localhost:${port}/a.json`,
      `http://localhost.:${port}/a.json`,
      'https://10.0.0.1/a.json',
      'https://169.254.169.254/latest/meta-data',
      'https://[fd00::1]/a.json',
      'https://[64:ff9b::7f00:1]/a.json',
      'http://app.example.test/a.json',
      'https://user:pass@app.example.test/a.json',
      'https://app.example.test/',
      'https://app.example.test',
      'file:///etc/passwd',
    ]) {
      const { body } = await expectPage(system, authorizeUrl(system, { client_id: other, redirect_uri }, pkce()), 'unknown-app');
      expect(body).not.toMatch(/127\.|169\.254|ECONN|ADDRESS/);
    }
    expect(host.hits).toEqual([]);
  });
});

describe('a document of a large client', () => {
  it('[A3.06] [A3.09] may name grants and methods we do not have; asking for them is what is refused', async () => {
    publish({
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      token_endpoint_auth_method: undefined,
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      jwks_uri: 'https://chatgpt.example/jwks.json',
      logo_uri: 'https://chatgpt.example/logo.png',
    });
    await expectBegun(system, url());
    await expectError(system, url(pkce(), { response_type: 'token' }), 'unsupported_response_type');
    const answer = await redeem(system, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_id, assertion: 'x' });
    expect(await answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });
});
