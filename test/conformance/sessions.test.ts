import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'koa';
import { compose } from '../../src/compose.ts';
import { browserCookie } from '../../src/http/cookies.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import { grants, transactions } from '../../src/stores/collections.ts';
import { Browser, wordsOf } from '../support/browser.ts';
import { callTool, register } from '../support/client.ts';
import { alphaMfa, begin, beginConsent, careful, expectStopped, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { kindOf, raw } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());

const cookiesOf = (browser: Browser): Map<string, string> => new Map(browser.cookies(system.issuer));
const headerOf = (browser: Browser): string => [...cookiesOf(browser)].map((pair) => pair.join('=')).join('; ');
const approve = ({ browser }: Begun) => browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });

describe('the cookie', () => {
  it('is random, opaque and the browser’s own; nothing else is ever set [W103] [W104]', async () => {
    const seen: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { browser } = await beginConsent(system, { changes: { state: 'STATE', login_hint: 'ana@corp.example' } });
      for (const [name, value] of cookiesOf(browser)) {
        expect(name).toMatch(/^drawbridge(-[\w-]{22})?$/);
        expect(value).toMatch(/^[\w-]{43}$/);
        const decoded = Buffer.from(value, 'base64url').toString('latin1');
        expect(decoded).not.toMatch(/corp|STATE|acme|read/);
        seen.push(value);
      }
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    // Of what a browser holds only a digest is stored.
    const stored = JSON.stringify(await rowsOf(system, transactions));
    for (const value of seen) expect(stored).not.toContain(value);
  });

  it('has every attribute it needs, on loopback and behind https [W103] [S1.07]', async () => {
    for (const [secure, name, more] of [
      [false, 'drawbridge', []],
      [true, '__Host-drawbridge', ['Secure']],
    ] as const) {
      const set: string[] = [];
      const ctx = { get: () => '', append: (_: string, line: string) => void set.push(line) } as unknown as Context;
      const cookie = browserCookie(nodeEntropy, secure);
      cookie.establish(ctx);
      cookie.renew().give(ctx, 'T'.repeat(22));
      expect(set.map((line) => line.split('; ').slice(1))).toEqual([
        ['Path=/', 'HttpOnly', 'SameSite=Lax', ...more],
        ['Path=/', 'HttpOnly', 'SameSite=Lax', ...more, 'Max-Age=600'],
      ]);
      expect(set.map((line) => line.split('=')[0])).toEqual([name, `${name}-${'T'.repeat(22)}`]);
    }
  });

  it('is what an installation behind https sends, with the transport pinned [W103] [W179]', async () => {
    const issuer = 'https://login.acme.example';
    const resources = system.config.resources.map((resource) => ({ ...resource, identifier: `${issuer}/mcp` }));
    const connections = system.config.connections.slice(0, 1).map((entry) => ({ ...entry, issuer: 'https://idp.acme.example' }));
    const { engine, masterKey, clock } = system;
    const log = openLog({ level: 'silent', write: () => undefined });
    const config = { ...system.config, issuer, resources, connections };
    const broker = await compose({ config, engine, masterKey, clock, entropy: nodeEntropy, log });
    const server = createServer(broker.answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const at = { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
      const client = await register(system);
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: client.client_id,
        redirect_uri: client.redirect_uri,
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      });
      const answer = await raw(at, `/authorize?${query.toString()}`, { host: 'login.acme.example' });
      expect(answer.status).toBe(303);
      const headers = new Map(answer.headers);
      expect(headers.get('set-cookie')).toMatch(/^__Host-drawbridge=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
      const [pair] = headers.get('set-cookie')?.split(';') ?? [];
      const page = await raw(at, headers.get('location') ?? '', { host: 'login.acme.example', headers: [`Cookie: ${pair ?? ''}`] });
      expect(page.status).toBe(200);
      // Without its prefix anybody on a sibling host could have set it.
      const tossed = (pair ?? '').replace('__Host-', '');
      const refused = await raw(at, headers.get('location') ?? '', { host: 'login.acme.example', headers: [`Cookie: ${tossed}`] });
      expect({ status: refused.status, kind: kindOf(refused.body) }).toEqual({ status: 403, kind: 'other-browser' });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('opens nothing at the gateway', async () => {
    const { browser } = await beginConsent(system);
    const response = await fetch(system.mcp, { method: 'POST', body: '{}', headers: { Cookie: headerOf(browser) } });
    expect(response.status).toBe(401);
    expect((await callTool(system, [...cookiesOf(browser).values()][0] ?? '', 'whoami')).status).toBe(401);
  });
});

describe('what was known before a sign-in', () => {
  it('is worth nothing after it: a cookie planted in a browser does not become that person [W61] [S2.06]', async () => {
    const attacker = await begin(system);
    const planted = headerOf(attacker.browser);
    const victim = new Browser({ portsShareCookies: true, headers: { Cookie: planted } });
    // The victim signs in to what the attacker began.
    await victim.get(`${system.issuer}${attacker.path}`);
    await victim.submit({}, { form: '/login/alpha' });
    expect(victim.page.body).toContain('Ana Anders');
    expectStopped(system, await attacker.browser.get(`${system.issuer}${attacker.path}`), 'other-browser', /another browser/);
    const fields = new URLSearchParams(victim.form('/consent').fields);
    fields.set('decision', 'approve');
    const pressed = await attacker.browser.post(`${system.issuer}${attacker.path}/consent`, fields);
    expect({ status: pressed.status, location: pressed.location }).toEqual({ status: 403, location: null });
    expect((await rowsOf(system, grants)).filter((row) => row['client_id'] === attacker.client.client_id)).toEqual([]);
    expect((await victim.get(`${system.issuer}${attacker.path}`)).status).toBe(200);
  });

  it('is replaced again when more is proven [W61]', async () => {
    const begun = await beginConsent(system);
    const before = headerOf(begun.browser);
    system.alpha.script = { claims: (honest) => ({ ...honest, acr: alphaMfa }) };
    await begun.browser.submit({}, { form: '/tenant', press: 'Globex' });
    system.alpha.script = {};
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('globex');
    const old = await fetch(`${system.issuer}${begun.path}`, { headers: { Cookie: before } });
    expect(old.status).toBe(403);
    expect((await begun.browser.get(`${system.issuer}${begun.path}`)).status).toBe(200);
  });

  it('stays good where nobody signed in: a trip that failed changes nothing', async () => {
    const begun = await begin(system);
    const before = headerOf(begun.browser);
    system.alpha.script = { raw: { '/token': (request) => request.socket.destroy() } };
    await begun.browser.submit({}, { form: '/login/alpha' });
    system.alpha.script = {};
    expect(headerOf(begun.browser)).toBe(before);
    await begun.browser.submit({}, { form: '/login/alpha' });
    expect((await approve(begun)).location?.searchParams.has('code')).toBe(true);
  });
});

describe('tabs side by side', () => {
  it('sign in, prove and approve in any order without ending each other [S2.06] [W61]', async () => {
    const first = await begin(system);
    const [second, third] = [await begin(system, { browser: first.browser }), await begin(system, { browser: first.browser })];
    const open = ({ path }: Begun) => first.browser.get(`${system.issuer}${path}`);
    for (const tab of [third, first, second]) {
      await open(tab);
      await tab.browser.submit({}, { form: '/login/alpha' });
    }
    const codes = [];
    for (const tab of [second, third, first]) {
      await open(tab);
      codes.push((await approve(tab)).location?.searchParams.get('code'));
    }
    expect(new Set(codes).size).toBe(3);
    expect(codes.every((code) => code?.startsWith('db_ac_'))).toBe(true);
  });

  it('do not fill the cookie jar: the oldest make room, the latest work', async () => {
    const browser = careful(system);
    const tabs: Begun[] = [];
    for (let count = 0; count < 12; count += 1) tabs.push(await beginConsent(system, { browser }));
    expect(cookiesOf(browser).size).toBeLessThanOrEqual(9);
    expect(headerOf(browser).length).toBeLessThan(1000);
    for (const tab of tabs.slice(-8)) expect((await browser.get(`${system.issuer}${tab.path}`)).status).toBe(200);
  });
});

describe('after the answer', () => {
  it('nobody is signed in here: the next request asks again, and the old page is over after ten minutes [S1.02]', async () => {
    const begun = await beginConsent(system);
    await approve(begun);
    const again = await begin(system, { browser: begun.browser, client: begun.client });
    expect(wordsOf(again.browser.page.body)).toContain('Continue with Alpha');
    expect(again.browser.page.body).not.toContain('Ana Anders');
    const Cookie = headerOf(begun.browser);
    system.clock.advance(601_000);
    const late = await fetch(`${system.issuer}${begun.path}`, { headers: { Cookie }, redirect: 'manual' });
    expect({ status: late.status, location: late.headers.get('location') }).toEqual({ status: 410, location: null });
  });
});
