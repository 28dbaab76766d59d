import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientKey } from '../../src/domain/seen-client.ts';
import { grants, seenClients } from '../../src/stores/collections.ts';
import { Browser } from '../support/browser.ts';
import type { TestClient } from '../support/client.ts';
import {
  authorizeUrl,
  callTool,
  consent,
  enterCode,
  login,
  openBrowser,
  pkce,
  postForm,
  redeem,
  refresh,
  register,
  signIn,
} from '../support/client.ts';
import { announce } from '../support/past-the-broker.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, browserOf, effectsOf, expectBegun, expectError, expectPage, kindOf } from '../support/wire.ts';

let system: System;
let client: TestClient;
beforeAll(async () => {
  system = await startSystem();
  client = await register(system);
});
afterAll(() => system.close());

const url = (changes: Record<string, string | null> = {}) => authorizeUrl(system, client, pkce(), changes);
const twice = (name: string, value: string): URL => {
  const doubled = url();
  doubled.searchParams.append(name, value);
  return doubled;
};

describe('the parameters of an authorization request', () => {
  it('[A5.01] unknown ones are ignored, empty ones count as absent', async () => {
    await expectBegun(system, url({ foo: '1', 'client_name[$ne]': 'x', ui_locales: 'de', display: 'popup' }));
    await expectBegun(system, url({ scope: '', resource: '', response_mode: '', prompt: '', max_age: '', login_hint: '' }));
    for (const name of ['response_type', 'code_challenge', 'code_challenge_method'])
      await expectError(system, url({ [name]: '' }), 'invalid_request');
    await expectPage(system, url({ client_id: '' }), 'malformed-request');
    await expectPage(system, url({ client_id: null }), 'malformed-request');
  });

  it.each(['client_id', 'redirect_uri', 'state'])('[W11] [A5.01] %s twice is a page and goes to neither', async (name) => {
    for (const value of [url().searchParams.get(name) ?? '', 'https://evil.test/cb', ''])
      await expectPage(system, twice(name, value), 'malformed-request');
    const first = url();
    first.search = `${name}=https%3A%2F%2Fevil.test%2Fcb&${first.searchParams.toString()}`;
    const { body } = await expectPage(system, first, 'malformed-request');
    expect(body).not.toContain('evil');
  });

  it.each(['response_type', 'scope', 'code_challenge', 'code_challenge_method', 'nonce', 'prompt', 'response_mode', 'login_hint'])(
    '[W11] [A5.01] %s twice is invalid_request',
    async (name) => {
      const doubled = twice(name, url().searchParams.get(name) ?? 'x');
      if (doubled.searchParams.getAll(name).length < 2) doubled.searchParams.append(name, 'x');
      await expectError(system, doubled, 'invalid_request');
    },
  );

  it('[W11] are read from the query alone', async () => {
    const before = await effectsOf(system);
    for (const target of [url().href, `${system.issuer}/authorize`, url({ redirect_uri: 'https://evil.test/cb' }).href]) {
      const posted = await ask(target, { method: 'POST', body: url().searchParams });
      expect([posted.status, posted.location]).toEqual([404, null]);
    }
    expect(await effectsOf(system)).toEqual(before);
  });

  it('[W13] [A5.04] [A1.17] ask for a code in the query or for nothing', async () => {
    await expectBegun(system, url({ response_mode: 'query' }));
    for (const response_type of ['token', 'id_token', 'code token', 'code id_token', 'none', 'CODE', 'code ', 'code,code'])
      await expectError(system, url({ response_type }), 'unsupported_response_type');
    await expectError(system, url({ response_type: null }), 'invalid_request');
    for (const response_mode of ['fragment', 'form_post', 'web_message', 'query.jwt', 'jwt', 'junk'])
      await expectError(system, url({ response_mode }), 'invalid_request');
  });

  it('[W13] cannot be changed on the way: what follows reads only what was frozen', async () => {
    const browser = openBrowser();
    await browser.get(url());
    await signIn(browser, 'alice');
    const form = browser.form('/consent');
    const fields = new URLSearchParams(form.fields);
    fields.append('scope', 'read');
    fields.append('decision', 'approve');
    for (const [name, value] of Object.entries({
      redirect_uri: 'https://evil.test/cb',
      client_id: 'x',
      response_type: 'token',
      response_mode: 'fragment',
      state: 'other',
      code_challenge: 'x',
      resource: 'https://evil.test',
    }))
      fields.append(name, value);
    const { search } = url({ response_type: 'token', redirect_uri: 'https://evil.test/cb' });
    const { location } = await browser.post(`${form.action.href}${search}`, fields, { Origin: system.issuer });
    expect(location?.href).toMatch(/^http:\/\/127\.0\.0\.1:9876\/callback\?code=db_ac_/);
    expect(location?.searchParams.getAll('state')).toEqual(['test-state']);
    expect(location?.hash).toBe('');
  });
});

describe('the way through', () => {
  it('[A5.08] [A5.11] answers forms with 303, and keeps its pages out of caches, frames and referrers', async () => {
    const browser = new Browser({ portsShareCookies: true, stopAt: () => true });
    const statuses: number[] = [];
    const settle = async (): Promise<void> => {
      for (let hops = 0; hops < 20; hops += 1) {
        const { status, location, headers } = browser.page;
        if (browser.page.url.origin === system.issuer) {
          statuses.push(status);
          expect(headers.get('cache-control')).toBe('no-store');
          expect(headers.get('referrer-policy')).toBe('no-referrer');
          expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
          expect(headers.get('content-security-policy')).not.toContain('form-action');
          expect(browser.page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
        }
        if (location === null || location.port === '9876') return;
        await browser.get(location);
      }
    };
    await browser.get(url());
    await settle();
    await browser.submit({}, { form: '/login/demo' });
    await settle();
    await browser.submit({ login: 'alice', password: 'demo' });
    await settle();
    await browser.submit({}, { form: '/tenant', press: 'Globex' });
    await settle();
    await browser.submit(
      { code: /id="current-code">(\d{6})</.exec(browser.page.body)?.[1] ?? '' },
      { form: browser.page.forms[0]?.action.pathname ?? '' },
    );
    await settle();
    await browser.submit({ scope: 'read' }, { form: '/consent', press: 'Approve' });
    await settle();
    expect(browser.location?.searchParams.get('code')).toMatch(/^db_ac_/);
    expect(statuses.filter((status) => status !== 200 && status !== 303)).toEqual([]);
    expect(statuses.filter((status) => status === 303).length).toBeGreaterThanOrEqual(6);
  });

  it('[A5.12] asks for consent each time, prompt=consent or not', async () => {
    const browser = openBrowser();
    await consent(browser, url());
    for (const prompt of ['consent', 'select_account consent', null]) {
      await browser.get(url({ prompt }));
      await signIn(browser, 'alice');
      expect(browser.form('/consent').buttons.length).toBeGreaterThan(0);
      expect(browser.location).toBeNull();
    }
  });

  it('[A5.12] [A5.13] [W19] asks the identity provider for a fresh login when the client does', async () => {
    const browser = openBrowser();
    await consent(browser, url());
    // The identity provider remembers this person, and is not asked to prove it again.
    await browser.get(url());
    await browser.submit({}, { form: '/login/demo' });
    expect(browser.page.url.origin).toBe(system.issuer);
    for (const changes of [{ prompt: 'login' }, { max_age: '0' }, { prompt: 'consent login' }]) {
      await browser.get(url(changes));
      await browser.submit({}, { form: '/login/demo' });
      expect([changes, browser.page.url.origin]).toEqual([changes, new URL(system.idp).origin]);
      await browser.submit({ login: 'alice', password: 'demo' });
      await enterCode(browser);
      expect(browser.form('/consent').buttons.length).toBeGreaterThan(0);
    }
  });

  it('[A5.12] [W19] answers prompt=none at once, since nobody can be answered unseen', async () => {
    await expectError(system, url({ prompt: 'none' }), 'login_required');
    const browser = openBrowser();
    await consent(browser, url());
    expect((await browser.get(url({ prompt: 'none' }))).location?.searchParams.get('error')).toBe('login_required');
    for (const changes of [
      { prompt: 'none login' },
      { max_age: '-1' },
      { max_age: '1e3' },
      { max_age: '99999999999999999999' },
      { max_age: 'x' },
    ])
      await expectError(system, url(changes), 'invalid_request');
    await expectBegun(system, url({ max_age: '999999999' }));
  });

  it('[A5.13] [W19] passes hints on, prints none and lets none choose an account', async () => {
    // The request passes through the browser, where it can be seen.
    const before = system.config;
    await system.restart((config) => ({ ...config, connections: config.connections.map((each) => ({ ...each, pushedRequests: false })) }));
    const browser = new Browser({ portsShareCookies: true, stopAt: (to) => to.origin === new URL(system.idp).origin });
    const hint = '"><script>alert(1)</script>\r\nX-Evil: 1';
    const { body } = await browser.get(url({ login_hint: hint, id_token_hint: 'e30.e30.' }));
    expect(body).not.toMatch(/<script|X-Evil|e30/);
    await browser.submit({}, { form: '/login/demo' });
    expect(browser.location?.searchParams.get('login_hint')).toBe(hint);
    expect(browser.location?.searchParams.has('id_token_hint')).toBe(false);
    await system.restart(() => before);
    const back = openBrowser();
    await back.get(url({ login_hint: 'carol@demo.example' }));
    await signIn(back, 'alice');
    expect(back.page.body).toContain('alice@demo.example');
    expect(back.page.body).not.toContain('carol');
  });
});

describe('the code', () => {
  it('[A5.09] is stored nowhere, works once within ten minutes, and for nothing but what it was made for', async () => {
    const other = await register(system, { client_name: 'Another' });
    const secrets = pkce();
    const approved = async (): Promise<string> =>
      (await consent(openBrowser(), authorizeUrl(system, client, secrets))).searchParams.get('code') ?? '';
    const right = { client_id: client.client_id, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri };
    const changed: [Record<string, string>, string][] = [
      [{ client_id: other.client_id }, 'invalid_grant'],
      [{ code_verifier: pkce().code_verifier }, 'invalid_grant'],
      [{ redirect_uri: 'http://127.0.0.1:9877/callback' }, 'invalid_grant'],
      [{ resource: 'https://other.example/mcp' }, 'invalid_target'],
    ];
    for (const [change, error] of changed) {
      const answer = await redeem(system, { ...right, code: await approved(), ...change });
      expect([change, answer.status, await answer.json()]).toEqual([change, 400, expect.objectContaining({ error })]);
    }
    const code = await approved();
    expect(code.length).toBeGreaterThanOrEqual(22 + 43);
    expect(JSON.stringify(await system.engine.page(grants, { limit: 1000 }))).not.toContain(code);
    expect((await redeem(system, { ...right, code })).status).toBe(200);
    expect((await redeem(system, { ...right, code })).status).toBe(400);
    const late = await approved();
    system.clock.advance(10 * 60_000);
    expect(await (await redeem(system, { ...right, code: late })).json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('a client that is withdrawn', () => {
  it('[W21] is a page at once, stops what it had begun, and gets no token', async () => {
    const fresh = await register(system, { client_name: 'Withdrawn' });
    const { tokens } = await login(system, { client: fresh });
    const secrets = pkce();
    const [begun, signedIn, approved] = [openBrowser(), openBrowser(), openBrowser()];
    await begun.get(authorizeUrl(system, fresh, secrets));
    await signedIn.get(authorizeUrl(system, fresh, secrets));
    await signIn(signedIn, 'alice');
    const code = (await consent(approved, authorizeUrl(system, fresh, secrets))).searchParams.get('code') ?? '';
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    const row = await system.engine.updateIf(seenClients, clientKey(fresh.client_id), {}, { set: { status: 'withdrawn' } }, 'after');
    expect(row?.['status']).toBe('withdrawn');
    await announce(system, { kind: 'client', key: fresh.client_id });
    await expectPage(system, authorizeUrl(system, fresh, secrets), 'app-withdrawn', 403);
    const before = await effectsOf(system);
    await begun.submit({}, { form: '/login/demo' });
    await signedIn.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    for (const browser of [begun, signedIn])
      expect([browser.page.status, kindOf(browser.page.body), browser.location]).toEqual([403, 'app-withdrawn', null]);
    const right = { client_id: fresh.client_id, code, code_verifier: secrets.code_verifier };
    expect(await (await redeem(system, right)).json()).toMatchObject({ error: 'invalid_client' });
    expect((await refresh(system, fresh, tokens.refresh_token)).status).toBe(400);
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(401);
    expect(await effectsOf(system)).toEqual(before);
  });

  it('[W21] [A5.02] and so is every identifier that is not quite a client’s', async () => {
    await expectBegun(system, url());
    const id = client.client_id;
    for (const client_id of [
      id.toUpperCase(),
      `${id} `,
      ` ${id}`,
      `${id}\0`,
      id.slice(0, -1),
      `${id}A`,
      id.replace('dyn_', 'dyn__'),
      `${system.issuer}/${id}`,
      `https://${id}`,
      'x'.repeat(10_000),
      'drawbridge-demo',
      'demo',
      '{"$ne":null}',
      '../../etc/passwd',
    ])
      await expectPage(system, url({ client_id }), 'unknown-app');
    expect(
      (await postForm(`${system.issuer}/token`, { grant_type: 'authorization_code', client_id: `${id} `, code: 'x', code_verifier: 'x' }))
        .status,
    ).toBe(400);
    expect(browserOf(system).cookies(system.issuer).size).toBe(0);
  });
});
