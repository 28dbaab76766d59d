import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuthClientInformationFullSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { authorizeUrl, pkce, postJson, register, signIn } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { browserOf, effectsOf, expectPage } from '../support/wire.ts';

let system: System;
let host: DocumentHost;
let connections = 0;
const canary = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
beforeAll(async () => {
  system = await startSystem();
  host = await openDocumentHost();
  canary.listen(0, '127.0.0.1');
  await once(canary, 'listening');
});
afterAll(async () => {
  await system.close();
  await host.close();
  canary.close();
  await once(canary, 'close');
});

const canaryUrl = () => `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`;
const addresses = ['logo_uri', 'client_uri', 'tos_uri', 'policy_uri', 'jwks_uri', 'sector_identifier_uri', 'initiate_login_uri'];

/** Both pages a person sees, one after the other. */
async function pagesFor(client: { client_id: string; redirect_uri: string }): Promise<string[]> {
  const browser = browserOf(system);
  const first = await browser.get(authorizeUrl(system, client, pkce()));
  expect(first.status).toBe(200);
  await signIn(browser, 'alice');
  return [first.body, browser.page.body];
}

/** Everything on a page that a browser would load or could go to. */
const targetsOn = (markup: string): string[] =>
  [...markup.matchAll(/\b(?:src|href|action|formaction|poster|data|srcset|style)\s*=\s*"([^"]*)"/gi)].map(([, target = '']) => target);

describe('what a client says about itself', () => {
  it.each(['javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'http://169.254.169.254/latest/meta-data', 'canary'])(
    '[W25] [A2.13] [A3.23] is neither fetched nor linked to: %s',
    async (value) => {
      const uri = value === 'canary' ? canaryUrl() : value;
      const claimed = Object.fromEntries(addresses.map((name) => [name, uri]));
      const before = connections;
      const response = await postJson(`${system.issuer}/register`, { ...claimed, redirect_uris: ['https://app.example.test/cb'] });
      const body = (await response.json()) as Record<string, unknown>;
      expect([response.status, addresses.filter((name) => name in body)]).toEqual([201, []]);
      expect(JSON.stringify(body)).not.toContain(uri);
      const client_id = `${host.origin}/app.json`;
      const redirect_uris = ['https://app.example.test/cb'];
      host.documents.set('/app.json', {
        client_id,
        client_name: 'Document',
        redirect_uris,
        logo_uri: uri,
        client_uri: uri,
        policy_uri: uri,
      });
      for (const id of [String(body['client_id']), client_id]) {
        const pages = await pagesFor({ client_id: id, redirect_uri: 'https://app.example.test/cb' });
        for (const page of pages) {
          expect(page).not.toContain(uri);
          for (const target of targetsOn(page)) expect(target).toMatch(/^(\/[^/]|#)/);
        }
      }
      expect(connections).toBe(before);
    },
  );

  it('[W25] keeps the home page that is one', async () => {
    const body = await register(system, { client_uri: 'https://github.com/modelcontextprotocol/inspector' });
    expect(OAuthClientInformationFullSchema.parse(body)).toMatchObject({ client_uri: 'https://github.com/modelcontextprotocol/inspector' });
    for (const client_uri of ['http://app.example.test/', 'not a URL', ' https://app.example.test/', ''])
      expect('client_uri' in (await register(system, { client_uri }))).toBe(false);
  });

  it('[A2.13] [A3.19] is written as text, and as nobody’s word but its own', async () => {
    const name = `</title><script>alert(1)</script><img src=x onerror=alert(1)>"'`;
    const [before = '', after = ''] = await pagesFor(await register(system, { client_name: name }));
    for (const page of [before, after]) {
      expect(page).not.toMatch(/<script|<img[^>]*onerror|alert\(1\)<\/script>/i);
      expect(page).toContain('&lt;script&gt;');
      expect(page).toMatch(/Not verified/);
      expect(page).toContain('127.0.0.1:9876');
    }
    const client_id = `${host.origin}/named.json`;
    host.documents.set('/named.json', { client_id, client_name: name, redirect_uris: ['http://localhost:7777/cb'] });
    for (const page of await pagesFor({ client_id, redirect_uri: 'http://localhost:7777/cb' })) {
      expect(page).not.toMatch(/<script|<img[^>]*onerror/i);
      expect(page).toContain(`From ${new URL(host.origin).host}`);
      expect(page).toContain('localhost:7777');
    }
  });

  it('[W41] [A3.20] warns when its answer goes to a program on this computer, whoever’s document it shows', async () => {
    const client_id = `${host.origin}/famous.json`;
    host.documents.set('/famous.json', { client_id, client_name: 'Famous', redirect_uris: ['http://127.0.0.1/cb'] });
    const [before = ''] = await pagesFor({ client_id, redirect_uri: 'http://127.0.0.1:5555/cb' });
    expect(before).toContain('Any program on this computer can use that name');
    host.documents.set('/site.json', {
      client_id: `${host.origin}/site.json`,
      client_name: 'Site',
      redirect_uris: ['https://app.example.test/cb'],
    });
    const [other = ''] = await pagesFor({ client_id: `${host.origin}/site.json`, redirect_uri: 'https://app.example.test/cb' });
    expect(other).not.toContain('Any program on this computer');
    expect(other).toContain('Your answer would go to another website');
  });
});

describe('parameters that would have us fetch or trust something', () => {
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"client_id":"x","redirect_uri":"https://evil.test/cb"}').toString('base64url')}.`;

  it('[W20] are refused or ignored, and nothing is fetched', async () => {
    const client = await register(system);
    const ask = (changes: Record<string, string>) => authorizeUrl(system, client, pkce(), changes);
    const browser = browserOf(system);
    for (const [changes, error] of [
      [{ request: unsigned }, 'request_not_supported'],
      [{ request_uri: canaryUrl() }, 'request_uri_not_supported'],
      [{ request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
    ] as const) {
      const before = await effectsOf(system);
      const { location } = await browser.get(ask(changes));
      expect(location?.searchParams.get('error')).toBe(error);
      expect(await effectsOf(system)).toEqual(before);
    }
    await expectPage(system, ask({ request: unsigned, redirect_uri: 'https://evil.test/cb' }), 'unregistered-address');
    const odd = { claims: '{"$gt":""}', registration: `{"logo_uri":"${canaryUrl()}"}`, id_token_hint: unsigned, iss: 'https://evil.test' };
    const page = await browser.get(ask(odd));
    expect([page.status, page.forms.length > 0]).toEqual([200, true]);
    expect(page.body).not.toContain('evil');
    expect(connections).toBe(0);
  });
});
