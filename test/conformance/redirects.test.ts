import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClient } from '../support/client.ts';
import { authorizeUrl, consent, pkce, postJson, redeem, register } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, browserOf, effectsOf, expectBegun, expectPage, kindOf } from '../support/wire.ts';

const registered = 'https://app.example.test/cb';
const configured = {
  client_id: 'configured-app',
  client_name: 'Configured app',
  redirect_uris: ['http://127.0.0.1/cb', 'http://localhost:33418/'],
  token_endpoint_auth_method: 'none' as const,
};

let system: System;
let host: DocumentHost;
beforeAll(async () => {
  system = await startSystem({ configure: (config) => ({ ...config, clients: [configured] }) });
  host = await openDocumentHost();
});
afterAll(async () => {
  await system.close();
  await host.close();
});

const asking = (client_id: string, redirect_uri: string) => authorizeUrl(system, { client_id, redirect_uri }, pkce());

/** Spellings of another address, or of the same one. Nothing decodes, resolves or lower-cases before comparing. */
const mutations: Readonly<Record<string, string>> = {
  'another host': 'https://evil.test/cb',
  'user information': 'https://app.example.test@evil.test/cb',
  'user information and password': 'https://app.example.test:443@evil.test/cb',
  'empty user information': 'https://@app.example.test/cb',
  'user information at our host': 'https://evil.test@app.example.test/cb',
  'backslash before @': String.raw`https://app.example.test\@evil.test/cb`,
  backslashes: String.raw`https:\\app.example.test\cb`,
  'one slash': 'https:/app.example.test/cb',
  'three slashes': 'https:///app.example.test/cb',
  'no slashes': 'https:app.example.test/cb',
  'no scheme': '//app.example.test/cb',
  'a path alone': '/cb',
  fragment: `${registered}#x`,
  'empty fragment': `${registered}#`,
  'a query added': `${registered}?x=1`,
  'an empty query': `${registered}?`,
  'a code added': `${registered}?code=stolen`,
  'slash behind': `${registered}/`,
  'dot segment': 'https://app.example.test/cb/.',
  'dot segments': 'https://app.example.test/cb/../cb',
  'encoded dot segments': 'https://app.example.test/cb/%2e%2e/cb',
  'half-encoded dot segments': 'https://app.example.test/cb/.%2e/x',
  'a longer path': `${registered}/x`,
  'a prefix of the path': 'https://app.example.test/c',
  'path parameter': `${registered};x`,
  'double slash': 'https://app.example.test//cb',
  'default port': 'https://app.example.test:443/cb',
  'another port': 'https://app.example.test:444/cb',
  'port with a zero': 'https://app.example.test:0443/cb',
  'empty port': 'https://app.example.test:/cb',
  'host in capitals': 'https://APP.example.test/cb',
  'path in capitals': 'https://app.example.test/CB',
  'scheme in capitals': 'HTTPS://app.example.test/cb',
  'dot behind the host': 'https://app.example.test./cb',
  'encoded dot in the host': 'https://app%2eexample.test/cb',
  'ideographic full stop': 'https://app。example.test/cb',
  'full-width letter': 'https://ａpp.example.test/cb',
  'Cyrillic letter': 'https://аpp.example.test/cb',
  'soft hyphen in the host': 'https://app\u00adexample.test/cb',
  'zero-width joiner': 'https://app.exam\u200dple.test/cb',
  'a host below': 'https://evil.app.example.test/cb',
  'a host around': 'https://app.example.test.evil.test/cb',
  'a host glued on': 'https://evilapp.example.test/cb',
  'no TLS': 'http://app.example.test/cb',
  'javascript:': 'javascript://app.example.test/cb%0aalert(1)',
  'data:': 'data:text/html,<script>alert(1)</script>',
  'vbscript:': 'vbscript:msgbox(1)',
  'blob:': `blob:${registered}`,
  'file:': 'file:///app.example.test/cb',
  'view-source:': `view-source:${registered}`,
  'leading space': ` ${registered}`,
  'trailing space': `${registered} `,
  'embedded tab': 'https://app.example\t.test/cb',
  'tab in the scheme': 'java\tscript:alert(1)',
  'line feed': `${registered}\nSet-Cookie: x=1`,
  'carriage return': `${registered}\r\nSet-Cookie: x=1`,
  NUL: `${registered}\0`,
  'encoded NUL': `${registered}%00`,
  'encoded slash': 'https://app.example.test%2fcb',
  'encoded letter': 'https://app.example.test/%63b',
  'encoded twice': encodeURIComponent(registered),
  'ten thousand characters': `${registered}/${'x'.repeat(10_000)}`,
  loopback: 'http://127.0.0.1/cb',
  'two addresses': `${registered},https://evil.test/cb`,
  wildcard: 'https://app.example.test/*',
};

/** The same through bytes that no encoder would produce. */
const rawMutations: readonly (readonly [name: string, value: string, kind: string])[] = [
  ['overlong slash', 'https%3A%2F%2Fapp.example.test%c0%afcb', 'malformed-request'],
  ['invalid UTF-8', 'https%3A%2F%2Fapp.example.test%2Fcb%ff', 'malformed-request'],
  ['lone percent', 'https%3A%2F%2Fapp.example.test%2Fcb%', 'unregistered-address'],
  ['plus for a space', 'https%3A%2F%2Fapp.example.test%2Fcb+', 'unregistered-address'],
];

describe('an address the client did not register', () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await register(system, { redirect_uris: [registered, 'https://app.example.test/other'] });
    await expectBegun(system, asking(client.client_id, registered));
  });

  it.each(Object.keys(mutations))('[W9] [A5.02] [A5.03] is refused on a page: %s', async (name) => {
    const mutation = mutations[name] ?? '';
    const answer = await expectPage(system, asking(client.client_id, mutation), 'unregistered-address');
    expect(JSON.stringify([...answer.headers])).not.toContain('evil');
    expect(answer.body).not.toContain('evil.test');
  });

  it.each(rawMutations)('[W9] [A5.02] [A5.03] is refused on a page, written as bytes: %s', async (_, value, kind) => {
    const href = asking(client.client_id, 'here').href.replace('redirect_uri=here', `redirect_uri=${value}`);
    await expectPage(system, href, kind);
  });

  it('[W9] [A5.02] [A5.03] is not guessed from arrays or from nothing when there are two', async () => {
    const { href } = asking(client.client_id, registered);
    for (const name of ['redirect_uri[]', 'redirect_uri[0]', 'redirect_uri%5B%5D', 'Redirect_uri', 'redirect_uri.'])
      await expectPage(system, href.replace('redirect_uri=', `${name}=`), 'unregistered-address');
    await expectPage(system, asking(client.client_id, ''), 'unregistered-address');
    await expectPage(system, authorizeUrl(system, client, pkce(), { redirect_uri: null }), 'unregistered-address');
    const single = await register(system, { redirect_uris: [registered] });
    await expectBegun(system, authorizeUrl(system, single, pkce(), { redirect_uri: null }));
  });

  it('[W8] [A5.02] is refused at the authorization endpoint even for somebody who approved the client before', async () => {
    const browser = browserOf(system);
    const back = await consent(browser, asking(client.client_id, registered));
    expect(back.searchParams.get('code')).toMatch(/^db_ac_/);
    const before = await effectsOf(system);
    const page = await browser.get(asking(client.client_id, 'https://evil.test/cb'));
    expect([page.status, page.location, kindOf(page.body)]).toEqual([400, null, 'unregistered-address']);
    expect(await effectsOf(system)).toEqual(before);
  });
});

describe('an address at registration', () => {
  const submit = async (redirect_uris: string[], more: Record<string, unknown> = {}) => {
    const response = await postJson(`${system.issuer}/register`, { client_name: 'x', redirect_uris, ...more });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('[A2.06] may be https, loopback http or an app’s own', async () => {
    for (const uri of [
      registered,
      'https://app.example.test',
      'https://app.example.test:8443/cb?x=1',
      'https://192.0.2.1/cb',
      'http://localhost/callback',
      'http://localhost:80/callback',
      'http://127.0.0.1:33418/',
      'http://127.0.0.1',
      'http://[::1]:3000/cb',
      'com.example.app:/oauth',
      'com.example.app://oauth/cb',
      'cursor://anysphere.cursor-mcp/oauth/callback',
    ])
      expect([uri, (await submit([uri])).status]).toEqual([uri, 201]);
  });

  const refused = [
    ...Object.values(mutations).filter((uri) => /[@\\#*]|^(javascript|data|vbscript|blob|file|view-source):/i.test(uri)),
    'evil://x',
    'cursor://anysphere.cursor-mcp/oauth/callback2',
    'cursor://evil/oauth/callback',
    'vscode://x.y/cb',
    'about:blank',
    'ws://localhost/cb',
    'ftp://app.example.test/cb',
    'http://app.example.test/cb',
    'http://0.0.0.0/cb',
    'http://127.0.0.2/cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://localhost.evil.test/cb',
    'http://127.0.0.1.nip.io/cb',
    'http://localhost:99999/cb',
    'http://localhost:/cb',
    'http://LOCALHOST/cb',
    'HTTPS://app.example.test/cb',
    'https://app.example.test:443/cb',
    'https://app.example.test./cb',
    'https://app.example.test/a/../cb',
    'https://app.example.test/a b',
    'https://app.example.test/"onload=x',
    'https://app.example.test/cb\r\nX: y',
    'https://',
    'relative/cb',
    '',
  ];

  it.each(refused)('[W24] [A2.06] [A2.07] refuses the whole registration for %j', async (uri) => {
    for (const redirect_uris of [[uri], [registered, uri], [uri, registered]]) {
      const { status, body } = await submit(redirect_uris);
      expect([status, body['error'], 'client_id' in body]).toEqual([400, 'invalid_redirect_uri', false]);
      expect(body['error_description']).toContain(`redirect_uris[${redirect_uris.indexOf(uri)}]`);
    }
  });

  it('[W15] [A5.06] cannot bring an answer of its own in its query', async () => {
    for (const name of ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'])
      expect([name, (await submit([`${registered}?a=1&${name}=x`])).body['error']]).toEqual([name, 'invalid_redirect_uri']);
    expect((await submit([`${registered}?mycode=1&states=2`])).status).toBe(201);
  });

  it('[W24] has no way in by a sign-out address either', async () => {
    const { status, body } = await submit([registered], { post_logout_redirect_uris: ['javascript:alert(1)'] });
    expect(status).toBe(201);
    expect(JSON.stringify(body)).not.toContain('javascript');
  });
});

describe('the port of a loopback address', () => {
  const rules: readonly [string, string, boolean][] = [
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb', true],
    ['http://127.0.0.1/cb', 'http://127.0.0.1/cb', true],
    ['http://localhost/callback', 'http://localhost:3118/callback', true],
    ['http://[::1]/cb', 'http://[::1]:4000/cb', true],
    ['http://127.0.0.1:33418/', 'http://127.0.0.1:59656/', true],
    ['http://localhost:33418/cb?a=1', 'http://localhost:1/cb?a=1', true],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb2', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb/', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb?a=1', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/', false],
    ['http://127.0.0.1/cb', 'https://127.0.0.1:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://localhost:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://[::1]:51004/cb', false],
    ['http://localhost/cb', 'http://127.0.0.1:51004/cb', false],
    ['http://localhost/cb', 'http://LOCALHOST:51004/cb', false],
    ['http://localhost/cb', 'http://localhost:0/cb', false],
    ['http://localhost/cb', 'http://localhost:65536/cb', false],
    ['http://localhost/cb', 'http://localhost:080/cb', false],
    ['http://localhost/cb', 'http://localhost.evil.com:80/cb', false],
    ['http://localhost/cb', 'http://localhost@evil.com:80/cb', false],
    ['http://localhost/cb', 'http://localhost:80@evil.com/cb', false],
    ['http://127.0.0.1/cb', 'http://127.0.0.1.nip.io:80/cb', false],
    ['http://127.0.0.1/cb', 'http://0.0.0.0:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://[::ffff:127.0.0.1]:51004/cb', false],
    ['http://127.0.0.1/cb', 'http://127.1:51004/cb', false],
    ['https://app.example.test/cb', 'https://app.example.test:8443/cb', false],
    ['https://app.example.test:8443/cb', 'https://app.example.test:8444/cb', false],
    ['com.example.app://oauth/cb', 'com.example.app://oauth:1/cb', false],
  ];

  it.each(rules)('[A16.01] [A16.02] [A16.03] [A16.04] [A16.05] %s and %s: %s', async (known, asked, fits) => {
    const { client_id } = await register(system, { redirect_uris: [known] });
    if (fits) await expectBegun(system, asking(client_id, asked));
    else await expectPage(system, asking(client_id, asked), 'unregistered-address');
  });

  it('[A16.06] is free for document and configured clients alike, and the code is bound to the one that was sent', async () => {
    const client_id = `${host.origin}/app.json`;
    host.documents.set('/app.json', { ...configured, client_id });
    const { client_id: dynamic } = await register(system, { redirect_uris: configured.redirect_uris });
    for (const id of [client_id, configured.client_id, dynamic]) {
      await expectPage(system, asking(id, 'http://localhost:51004/cb'), 'unregistered-address');
      await expectBegun(system, asking(id, 'http://localhost:60001/'));
      for (const [used, shown, status] of [
        ['http://127.0.0.1:51004/cb', 'http://127.0.0.1:51004/cb', 200],
        ['http://127.0.0.1:51004/cb', 'http://127.0.0.1:51005/cb', 400],
        ['http://127.0.0.1:51004/cb', 'http://127.0.0.1/cb', 400],
      ] as const) {
        const secrets = pkce();
        const back = await consent(browserOf(system), authorizeUrl(system, { client_id: id, redirect_uri: used }, secrets));
        expect(`${back.origin}${back.pathname}`).toBe(used);
        const code = back.searchParams.get('code') ?? '';
        const answer = await redeem(system, { client_id: id, code, code_verifier: secrets.code_verifier, redirect_uri: shown });
        expect([shown, answer.status]).toEqual([shown, status]);
        if (status === 400) expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
      }
    }
    expect((await ask(`${system.issuer}/healthz`)).status).toBe(200);
  });
});
