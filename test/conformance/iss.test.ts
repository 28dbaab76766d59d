import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import type { TestClient } from '../support/client.ts';
import { authorizeUrl, consent, openBrowser, pkce, register, signIn } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { ask, browserOf, effectsOf, expectError, kindOf } from '../support/wire.ts';

let system: System;
let host: DocumentHost;
let client: TestClient;
let issuer: string;
beforeAll(async () => {
  const configured = {
    client_id: 'configured',
    client_name: 'Configured',
    redirect_uris: ['https://own.example/cb'],
    token_endpoint_auth_method: 'none' as const,
  };
  system = await startSystem({ configure: (config) => ({ ...config, clients: [configured] }) });
  host = await openDocumentHost();
  client = await register(system);
  issuer = (JSON.parse((await ask(`${system.issuer}/.well-known/oauth-authorization-server`)).body) as { issuer: string }).issuer;
});
afterAll(async () => {
  await system.close();
  await host.close();
});

/** Exactly ours, once, and encoded so that nothing of it can be read as another parameter. */
function expectIssuer(location: URL | null): void {
  expect(location?.searchParams.getAll('iss')).toEqual([issuer]);
  expect(location?.search).toContain(`iss=${encodeURIComponent(issuer)}`);
  expect(new URL(issuer).origin).toBe(issuer);
}

describe('the issuer in the answer', () => {
  it('[A8.01] [A8.02] [A8.03] [A8.04] [A8.05] [W16] comes with a code and with a denial', async () => {
    for (const [decision, name] of [
      ['Approve', 'code'],
      ['Deny', 'error'],
    ] as const) {
      const back = await consent(openBrowser(), authorizeUrl(system, client, pkce(), { iss: 'https://evil.test' }), { decision });
      expectIssuer(back);
      expect([...back.searchParams.keys()].toSorted()).toEqual([name, 'iss', 'state'].toSorted());
      if (decision === 'Deny') expect(back.searchParams.get('error')).toBe('access_denied');
    }
  });

  it('[A8.01] [A8.03] [A8.04] [W16] comes with every redirected error', async () => {
    const cases: [Record<string, string | null>, string][] = [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ response_type: null }, 'invalid_request'],
      [{ response_mode: 'fragment' }, 'invalid_request'],
      [{ code_challenge: null }, 'invalid_request'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ scope: 'read "write"' }, 'invalid_scope'],
      [{ resource: 'https://other.example/mcp' }, 'invalid_target'],
      [{ prompt: 'none' }, 'login_required'],
      [{ prompt: 'none login' }, 'invalid_request'],
      [{ max_age: 'x' }, 'invalid_request'],
      [{ request: 'x.y.z' }, 'request_not_supported'],
      [{ request_uri: 'urn:x' }, 'request_uri_not_supported'],
    ];
    for (const [changes, error] of cases) {
      const url = authorizeUrl(system, client, pkce(), { ...changes, iss: 'https://evil.test' });
      expectIssuer(await expectError(system, url, error));
    }
  });

  it('[A8.01] [A8.05] [W16] comes with an answer after the identity provider refused', async () => {
    // The state passes through the browser, where it can be read.
    await system.restart((config) => ({ ...config, connections: config.connections.map((each) => ({ ...each, pushedRequests: false })) }));
    let upstream = false;
    const browser = new Browser({
      portsShareCookies: true,
      stopAt: (url) => url.port === '9876' || (!upstream && url.origin !== system.issuer),
    });
    await browser.get(authorizeUrl(system, client, pkce()));
    await browser.submit({}, { form: '/login/demo' });
    const state = browser.location?.searchParams.get('state') ?? '';
    const refusal = new URLSearchParams({ error: 'access_denied', state, iss: system.idp });
    await browser.get(`${system.issuer}/callback/demo?${refusal.toString()}`);
    expect([browser.page.status, browser.page.body.includes('The sign-in was not finished')]).toEqual([200, true]);
    upstream = true;
    await signIn(browser, 'alice');
    await browser.submit({}, { form: '/consent', press: 'Deny' });
    expect(browser.location?.searchParams.get('error')).toBe('access_denied');
    expectIssuer(browser.location);
  });
});

describe('an error that nobody has seen a page for', () => {
  const wrong = (of: TestClient): URL => authorizeUrl(system, of, pkce(), { scope: 'read "bogus"' });

  it('[A5.07] [A8.01] goes at once where the address is this computer, configured, the document’s own or allowed', async () => {
    const client_id = `${host.origin}/app.json`;
    const own = `https://${new URL(host.origin).host}/cb`;
    host.documents.set('/app.json', { client_id, client_name: 'App', redirect_uris: [own, 'https://elsewhere.example/cb'] });
    for (const proven of [
      client,
      await register(system, { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] }),
      await register(system, { redirect_uris: ['https://chatgpt.com/connector/oauth/abc123'] }),
      { client_id: 'configured', redirect_uri: 'https://own.example/cb' },
      { client_id, redirect_uri: own },
    ])
      expectIssuer(await expectError(system, wrong(proven), 'invalid_scope'));
  });

  it('[A5.07] [A8.01] waits on a page for every other address, with the whole answer behind a link', async () => {
    const client_id = `${host.origin}/other.json`;
    host.documents.set('/other.json', { client_id, client_name: 'Other', redirect_uris: ['https://elsewhere.example/cb'] });
    for (const stranger of [
      await register(system, { redirect_uris: ['https://lookalike.test/cb?x=1'] }),
      await register(system, { redirect_uris: ['https://claude.ai.lookalike.test/api/mcp/auth_callback'] }),
      await register(system, { redirect_uris: ['com.lookalike.app://cb'] }),
      { client_id, redirect_uri: 'https://elsewhere.example/cb' },
    ]) {
      const before = await effectsOf(system);
      const answer = await ask(wrong(stranger));
      expect([answer.status, answer.location, kindOf(answer.body)]).toEqual([400, null, 'malformed-request']);
      const [, href = ''] = /<a[^>]*href="([^"]*)"[^>]*>Back to the app<\/a>/.exec(answer.body) ?? [];
      const link = new URL(href.replaceAll('&amp;', '&'));
      expect(link.href.startsWith(stranger.redirect_uri)).toBe(true);
      expect([link.searchParams.getAll('error'), link.searchParams.getAll('state')]).toEqual([['invalid_scope'], ['test-state']]);
      expectIssuer(link);
      expect(answer.body).not.toMatch(/http-equiv="?refresh/i);
      expect(await effectsOf(system)).toEqual(before);
    }
  });

  it('[A5.07] goes at once to any address after a person has decided', async () => {
    const stranger = await register(system, { redirect_uris: ['https://lookalike.test/cb?x=1'] });
    const back = await consent(browserOf(system), authorizeUrl(system, stranger, pkce()), { decision: 'Deny' });
    expect(back.href.startsWith('https://lookalike.test/cb?x=1&error=access_denied')).toBe(true);
    expectIssuer(back);
  });
});
