import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import { ConnectionId, RoleId, TenantId } from '../../src/domain/ids.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { wordsOf } from '../support/browser.ts';
import type { Page } from '../support/browser.ts';
import { authorizeUrl, pkce, register } from '../support/client.ts';
import { begin, beginConsent, careful, expectStopped, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { ask, kindOf, raw } from '../support/wire.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';

let trouble: Error | null = null;
const failing = (engine: DocumentEngine): DocumentEngine => ({
  insert: (...given) => engine.insert(...given),
  get: (...given) => (trouble === null ? engine.get(...given) : Promise.reject(trouble)),
  find: (...given) => engine.find(...given),
  updateIf: (...given) => engine.updateIf(...given),
  delete: (...given) => engine.delete(...given),
  page: (...given) => engine.page(...given),
  sweep: (...given) => engine.sweep(...given),
  close: () => engine.close(),
});

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps({ wrapEngine: failing });
});
afterAll(() => system.close());
afterEach(() => {
  trouble = null;
  system.alpha.script = {};
});

/** What every answer to a person carries. CSP Level 3, RFC 9700 §4.16 */
function expectSafe(headers: Headers): void {
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  const policy = new Map(
    (headers.get('content-security-policy') ?? '').split(';').map((part) => part.trim().split(/ (.*)/s) as [string, string]),
  );
  expect(Object.fromEntries([...policy].map(([name, value]) => [name, value]))).toEqual({
    'default-src': "'none'",
    'style-src': "'self'",
    'img-src': "'self'",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
  });
  for (const name of ['access-control-allow-origin', 'x-powered-by', 'server', 'etag', 'set-cookie2']) expect(headers.get(name)).toBeNull();
}

/** Nothing runs, and nothing comes from or refers to anywhere else; `onwards` may be followed by the person. */
function expectSelfContained(body: string, onwards: readonly string[] = []): void {
  expect(body).not.toMatch(/<(script|iframe|object|embed|base|img|video|audio|link rel="(?!stylesheet))/i);
  expect(body).not.toMatch(/\son[a-z]+\s*=/i);
  expect(body).not.toMatch(/\sstyle\s*=|<style|javascript:|data:/i);
  const addresses = [...body.matchAll(/\s(?:href|src|action|formaction|srcset|poster)="([^"]*)"/gi)].map(([, address]) => address ?? '');
  expect(addresses.length).toBeGreaterThan(1);
  const foreign = addresses.filter((address) => !/^(\/(?!\/)|#)/.test(address));
  expect(foreign.filter((address) => !onwards.some((start) => address.startsWith(start)))).toEqual([]);
}

const cookieOf = ({ browser }: { browser: ReturnType<typeof careful> }): string =>
  [...browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');

const pages: [string, number, () => Promise<Page>][] = [
  ['the front', 200, () => careful(system).get(system.issuer)],
  ['before the sign-in', 200, async () => (await begin(system)).browser.page],
  ['consent', 200, async () => (await beginConsent(system)).browser.page],
  [
    'the hand-over to an app',
    200,
    async () => {
      const client = await register(system, { redirect_uris: ['com.example.tool:/cb'], application_type: 'native' });
      const { browser } = await beginConsent(system, { client });
      return browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    },
  ],
  [
    'already answered',
    200,
    async () => {
      const begun = await beginConsent(system);
      const fields = new URLSearchParams(begun.browser.form('/consent').fields);
      await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      fields.set('decision', 'deny');
      return begun.browser.post(`${system.issuer}${begun.path}/consent`, fields);
    },
  ],
  ['stopped by the person', 200, async () => (await begin(system)).browser.submit({}, { form: '/stop' })],
  ['no such page', 404, () => careful(system).get(`${system.issuer}/nowhere`)],
  ['expired', 410, () => begun410()],
  ['another browser', 403, async () => careful(system).get(`${system.issuer}${(await begin(system)).path}`)],
  ['an unknown client', 400, () => careful(system).get(`${system.issuer}/authorize?client_id=nobody&redirect_uri=https://evil.test/cb`)],
  [
    'an address never registered',
    400,
    async () => careful(system).get(authorizeUrl(system, await register(system), pkce(), { redirect_uri: 'https://evil.test/cb' })),
  ],
  [
    'an untrustworthy sign-in',
    502,
    async () => {
      system.alpha.script = { claims: (honest) => ({ ...honest, nonce: 'x' }) };
      return (await begin(system)).browser.submit({}, { form: '/login/alpha' });
    },
  ],
  [
    'groups unknown',
    403,
    async () => {
      system.alpha.script = { claims: (honest) => ({ ...honest, groups: undefined }) };
      return (await begin(system)).browser.submit({}, { form: '/login/alpha' });
    },
  ],
  [
    'no access',
    403,
    async () => {
      system.alpha.script = { claims: (honest) => ({ ...honest, sub: 'nobody', groups: [] }) };
      return (await begin(system)).browser.submit({}, { form: '/login/alpha' });
    },
  ],
  ['no second factor', 403, async () => (await beginConsent(system)).browser.submit({}, { form: '/tenant', press: 'Globex' })],
  [
    'our fault',
    500,
    async () => {
      const begun = await begin(system);
      trouble = new Error('CNRYfault with the whole story');
      return begun.browser.get(`${system.issuer}${begun.path}`);
    },
  ],
];
async function begun410(): Promise<Page> {
  const { browser } = await begin(system);
  return browser.get(`${system.issuer}/authorize/${'A'.repeat(22)}`);
}

describe('every page', () => {
  it.each(pages)(
    '%s: not kept, not framed, not sniffed, nothing from elsewhere [W76] [W173] [S6.01] [S6.02] [S6.04] [A5.11]',
    async (_, status, open) => {
      const page = await open();
      expect(page.status).toBe(status);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expectSafe(page.headers);
      expectSelfContained(page.body, ['com.example.tool:/cb?']);
      // Only the hand-over of a code holds one.
      expect(page.body.replaceAll(/"(?:0; url=)?com\.example\.tool:\/cb\?[^"]*"/g, '')).not.toMatch(/db_(ac|rt)_/);
    },
  );

  it('does not keep the answer from its client: no form-action, and straight on by 303 [A5.15] [A5.08] [W76]', async () => {
    const client = await register(system);
    const browser = careful(system, { beforeCallback: true });
    const first = await ask(authorizeUrl(system, client, pkce()));
    expect(first.status).toBe(303);
    expectSafe(first.headers);
    const begun = await begin(system, { client, browser });
    const door = await fetch(`${system.issuer}/login/alpha`, {
      method: 'POST',
      body: begun.browser.form('/login/alpha').fields,
      headers: { Cookie: cookieOf(begun) },
      redirect: 'manual',
    });
    expect(door.status).toBe(303);
    expectSafe(door.headers);
    const answer = system.alpha.visit(new URL(door.headers.get('location') ?? ''));
    await browser.get(`${system.issuer}/callback/alpha?${answer.toString()}`);
    const fields = new URLSearchParams(browser.form('/consent').fields);
    fields.set('decision', 'approve');
    const send = (path: string, init: RequestInit) =>
      fetch(`${system.issuer}${path}`, { ...init, headers: { Cookie: cookieOf(begun) }, redirect: 'manual' });
    const pressed = await send(`${begun.path}/consent`, { method: 'POST', body: fields });
    const delivered = await send(begun.path, {});
    expect([pressed.status, delivered.status]).toEqual([303, 303]);
    for (const { headers } of [pressed, delivered]) expectSafe(headers);
    expect(delivered.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:9876\/callback\?code=db_ac_/);
    expect(await delivered.text()).toBe('');
  });

  it('is closed to other origins, preflights included [A5.10]', async () => {
    const { path } = await begin(system);
    for (const target of ['/authorize', path, `${path}/consent`, '/login/alpha', '/callback/alpha']) {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const headers = { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'POST' };
        const answer = await fetch(`${system.issuer}${target}`, { method, headers, redirect: 'manual' });
        const open = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
        expect({ target, method, open, ok: answer.ok }).toEqual({ target, method, open: [], ok: false });
      }
    }
  });
});

describe('at three in the morning', () => {
  it('a fault and an outage have a reference on the page and in the log, and no word of why on the page [W176]', async () => {
    const begun = await begin(system);
    trouble = new Error('CNRYstory of the disk');
    const page = await begun.browser.get(`${system.issuer}${begun.path}`);
    expectStopped(system, page, 'fault', /unexpected error/);
    expect(page.body + system.lines.join()).not.toContain('CNRYstory');
    trouble = Object.assign(new Error('CNRYdisk gone'), { name: 'StoreUnavailable' });
    const down = await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(down.status).toBe(503);
    expectStopped(system, down, 'unavailable', /store is not answering/);
    expect(down.body + system.lines.join()).not.toContain('CNRYdisk');
    trouble = null;
    expect((await begun.browser.get(`${system.issuer}${begun.path}`)).status).toBe(200);
  });

  it('one request id ties the lines of a request together, and no address in them names a transaction or a query', async () => {
    const begun = await beginConsent(system);
    await careful(system).get(`${system.issuer}${begun.path}?secret=CNRYquery`);
    const lines = system.lines.slice(-2).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event }) => event)).toEqual(['page.refused', 'request']);
    expect(lines[0]?.['requestId']).toBe(lines[1]?.['requestId']);
    expect(system.lines.join('\n')).not.toContain('CNRYquery');
    expect(system.lines.join('\n')).not.toContain(begun.id);
  });

  it('each refusal has a reference of its own', async () => {
    const bodies = await Promise.all(Array.from({ length: 50 }, async () => (await ask(`${system.issuer}/authorize`)).body));
    const references = bodies.map((body) => /DB-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(wordsOf(body))?.[0]);
    expect(new Set(references).size).toBe(50);
    expect(bodies.map(kindOf)).toEqual(Array<string>(50).fill('malformed-request'));
  });
});

describe('input made to keep us busy', () => {
  const long = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length)).slice(0, length);
  const worst: [string, string, string[]][] = [
    ['a cookie of separators', '/authorize', [`Cookie: ${long('; drawbridge', 14_000)}`]],
    ['a list of media types', '/nowhere', [`Accept: ${long('a/b;q=0.1, ', 14_000)}`]],
    ['a media type that never ends', '/token', [`Content-Type: ${long('a/', 7000)}${long(' ', 7000)};`]],
    ['a scope of spaces', `/authorize?scope=${long('+', 14_000)}`, []],
    ['a hundred thousand of nothing', `/authorize?${long('&', 14_000)}`, []],
    ['percent signs', `/authorize?state=${long('%25', 14_000)}`, []],
    ['a path of slashes', long('/a', 14_000), []],
    ['a path of dots', long('/..%2f', 14_000), []],
    ['forwarded addresses', '/authorize', [`X-Forwarded-For: ${long('1.1.1.1, ', 14_000)}`]],
    ['a redirect URI of colons', `/authorize?client_id=x&redirect_uri=${long('http://localhost:1', 1900)}`, []],
    ['a bearer of blanks', '/mcp', [`Authorization: Bearer ${long(' x', 14_000)}`]],
  ];
  it.each(worst)('%s is answered at once [W171]', async (_, target, headers) => {
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => raw(system, target, { headers, method: target === '/token' ? 'POST' : 'GET' })),
    );
    expect(performance.now() - began).toBeLessThan(3000);
    for (const { status } of answers) expect([303, 400, 401, 404, 421, 431]).toContain(status);
    expect((await ask(`${system.issuer}/healthz`)).status).toBe(200);
  });

  it('a group pattern of stars against the longest list there may be [W171]', () => {
    const tenant = {
      id: TenantId.parse('t'),
      name: 'T',
      demand: noDemand,
      rules: Array.from({ length: 20 }, () => ({ group: `${'a*'.repeat(140)}b`, role: RoleId.parse('r'), connectionId: null })),
      members: [],
      defaultRole: null,
    };
    const groups = Array.from({ length: 2000 }, (_, index) => `${'a'.repeat(250)}${index}`);
    const began = performance.now();
    expect(mapRoles(tenant, { connectionId: ConnectionId.parse('c'), subject: 's', groups, claims: {} })).toEqual([]);
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe('a start that would not be safe', () => {
  const key = 'k'.repeat(42) + 'A';
  const yaml = (changes: Record<string, unknown>): string =>
    JSON.stringify({
      issuer: 'https://login.acme.example',
      key,
      organisation: { name: 'Acme' },
      connections: [{ id: 'c', type: 'oidc', name: 'C', issuer: 'https://idp.acme.example', client_id: 'x', client_secret: 'CNRYsecret' }],
      tenants: [{ id: 't', name: 'T' }],
      roles: [{ id: 'r', name: 'R', permissions: ['p'] }],
      resources: [
        {
          id: 'm',
          identifier: 'https://login.acme.example/mcp',
          upstream: 'http://mcp:1/',
          name: 'M',
          scopes: [{ name: 's', title: 'S' }],
        },
      ],
      ...changes,
    });
  const start = (changes: Record<string, unknown>, env: Record<string, string> = {}): string[] => {
    try {
      loadConfig({ file: '/d/c.yaml', env, readFile: (path) => (path === '/d/c.yaml' ? yaml(changes) : '') });
      return [];
    } catch (problem) {
      if (!(problem instanceof ConfigProblems)) throw problem;
      expect(problem.message).not.toMatch(/CNRY|kkkk/);
      return problem.problems.map(({ key: at }) => at);
    }
  };
  const connection = { id: 'c', type: 'oidc', name: 'C', client_id: 'x', client_secret: 'y', issuer: 'https://idp.acme.example' };

  it('is refused by name of the setting, and the same without it starts [W179]', () => {
    expect(start({})).toEqual([]);
    expect(start({ issuer: 'http://login.acme.example' })).toContain('issuer');
    expect(start({ key: undefined })).toEqual(['key']);
    expect(start({ key: 'changeme' })).toEqual(['key']);
    expect(start({ key: 'k'.repeat(42) })).toEqual(['key']);
    expect(start({ key: 'A'.repeat(43) })).toEqual(['key']);
    expect(start({ key: undefined, key_file: '/missing' })).toEqual(['key_file']);
    expect(start({ connections: [{ ...connection, issuer: 'http://idp.acme.example' }] })).toEqual(['connections[0].issuer']);
    expect(start({ connections: [{ ...connection, allowedAlgorithms: ['none'] }] })).toEqual(['connections[0].allowedAlgorithms[0]']);
    expect(start({ connections: [{ ...connection, allowedAlgorithms: ['HS256'] }] })).toEqual(['connections[0].allowedAlgorithms[0]']);
    expect(start({ store: 'memory:' })).toEqual(['store']);
    expect(start({}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual(['NODE_TLS_REJECT_UNAUTHORIZED']);
    expect(start({}, { NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([]);
  });
});
