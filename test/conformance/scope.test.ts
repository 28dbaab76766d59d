import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuthTokensSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { auditEvents, grants } from '../../src/stores/collections.ts';
import type { TestClient, Tokens } from '../support/client.ts';
import { authorizeUrl, callTool, claimsOf, consent, login, openBrowser, pkce, refresh, register, signIn } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { expectBegun, expectError, expectTidy } from '../support/wire.ts';

let system: System;
let client: TestClient;
beforeAll(async () => {
  system = await startSystem();
  client = await register(system);
});
afterAll(() => system.close());

const scopeFor = async (scope: string | null, ticked: string[], person = 'alice'): Promise<string> =>
  (await login(system, { client, login: person, scope: ticked, changes: { scope } })).tokens.scope;

/** The scopes a consent page offers, and which are ticked. */
async function offered(scope: string | null, person = 'alice'): Promise<{ offered: string[]; ticked: string[] }> {
  const browser = openBrowser();
  await browser.get(authorizeUrl(system, client, pkce(), { scope }));
  await signIn(browser, person);
  const boxes = [...browser.page.body.matchAll(/<input\b[^>]*name="scope"[^>]*>/g)].map(([tag]) => tag);
  const names = (tags: string[]) => tags.map((tag) => /value="([^"]+)"/.exec(tag)?.[1] ?? '').toSorted();
  return {
    offered: names(boxes.filter((tag) => !/\bdisabled\b/.test(tag))),
    ticked: names(boxes.filter((tag) => /\bchecked\b/.test(tag))),
  };
}

describe('the scope of a request', () => {
  it('[A9.01] [B2.04] [B3.03] left out means the baseline, which is useful', async () => {
    for (const scope of [null, '', ' ', '+', 'unknown', 'offline_access']) {
      const wanted = scope === '+' ? ' ' : scope;
      expect([scope, await offered(wanted)]).toEqual([scope, { offered: ['read', 'write'], ticked: ['read'] }]);
    }
    const { tokens } = await login(system, { client, changes: { scope: null } });
    expect(tokens.scope).toBe('read write');
    expect((await callTool(system, tokens.access_token, 'list_notes')).status).toBe(200);
  });

  it('[A5.14] [A9.06] tolerates any spacing, repetition and what we do not know', async () => {
    for (const [asked, given] of [
      [' read', 'read'],
      ['read  write ', 'read write'],
      ['write read', 'write read'],
      ['read read read', 'read'],
      ['read mcp:tools openid profile urn:x:y', 'read'],
      [' offline_access read', 'read offline_access'],
      ['offline_access', 'read write offline_access'],
    ] as const)
      expect([
        asked,
        await scopeFor(
          asked,
          given.split(' ').filter((name) => name !== 'offline_access'),
        ),
      ]).toEqual([asked, given]);
  });

  it.each([
    'read "write"',
    String.raw`read\write`,
    'read\twrite',
    'read\nwrite',
    'réad',
    'read\0',
    '\u00a0read',
    'x '.repeat(2001),
    Array.from({ length: 101 }, (_, at) => `s${at}`).join(' '),
  ])('[A5.14] is invalid_scope when it is malformed or endless: %#', async (scope) => {
    await expectError(system, authorizeUrl(system, client, pkce(), { scope }), 'invalid_scope');
    await expectBegun(system, authorizeUrl(system, client, pkce(), { scope: Array.from({ length: 100 }, (_, at) => `s${at}`).join(' ') }));
  });
});

describe('the scope that is given', () => {
  it('[A9.02] [A2.04] is in every token answer', async () => {
    const { tokens } = await login(system, { client, scope: ['read'] });
    expectTidy(tokens);
    OAuthTokensSchema.parse(tokens);
    expect(tokens.scope).toBe('read');
    const again = (await (await refresh(system, client, tokens.refresh_token)).json()) as Tokens;
    expectTidy(again);
    expect([again.scope, claimsOf(again.access_token)['scope']]).toEqual(['read', 'read']);
  });

  it('[A9.03] is what was asked for, the role allows and the person ticked; a missing role is no error', async () => {
    expect(await offered('read write', 'erin')).toEqual({ offered: ['read'], ticked: ['read'] });
    expect(await scopeFor('read write', ['read'], 'erin')).toBe('read');
    expect(await scopeFor('read', ['read'])).toBe('read');
    // What was not offered cannot be ticked.
    await expect(scopeFor('read write', ['read', 'write'], 'erin')).rejects.toThrow(/not what it was|not sent back/);
    await expect(scopeFor('read', ['read', 'write'])).rejects.toThrow(/not what it was|not sent back/);
  });

  it('[A9.04] [A9.10] grows by asking for old and new together, is recorded, and leaves the earlier grant alone', async () => {
    const { tokens: before } = await login(system, { client, scope: ['read'], changes: { scope: 'read' } });
    const refused = await callTool(system, before.access_token, 'add_note', { text: 'x' });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([403, expect.stringContaining('insufficient_scope')]);
    const { tokens: after } = await login(system, { client, changes: { scope: 'read write' } });
    expect(after.scope).toBe('read write');
    expect((await callTool(system, after.access_token, 'add_note', { text: 'x' })).status).toBe(200);
    expect((await callTool(system, before.access_token, 'list_notes')).status).toBe(200);
    expect((await callTool(system, before.access_token, 'add_note', { text: 'x' })).status).toBe(403);
    expect((await refresh(system, client, before.refresh_token)).status).toBe(200);
    const grantId = claimsOf(after.access_token)['grant_id'] as string;
    expect(await system.engine.get(grants, grantId)).toMatchObject({ asked: ['read', 'write'], scope: ['read', 'write'] });
    const events = (await system.engine.page(auditEvents, { limit: 1000 })).map(({ event }) => event as Record<string, unknown>);
    const about = events.filter((event) => event['grantId'] === grantId).map(({ event, scope }) => [event, scope]);
    expect(about).toEqual(
      expect.arrayContaining([
        ['consent.approved', ['read', 'write']],
        ['token.issued', ['read', 'write']],
      ]),
    );
  });

  it('[A9.07] narrows at a refresh and never widens', async () => {
    const { tokens } = await login(system, { client, scope: ['read'], changes: { scope: 'read' } });
    for (const scope of ['read write', 'write', 'read admin', 'read "'])
      expect([scope, await (await refresh(system, client, tokens.refresh_token, { scope })).json()]).toEqual([
        scope,
        expect.objectContaining({ error: 'invalid_scope' }),
      ]);
    // A client that repeats what it first asked for gets what the person left of it, and nothing more.
    const { tokens: less } = await login(system, { client, scope: ['read'], changes: { scope: 'read write' } });
    for (const scope of ['read write', 'write', 'read offline_access'])
      expect([scope, await (await refresh(system, client, less.refresh_token, { scope })).json()]).toMatchObject([
        scope,
        { scope: 'read' },
      ]);
    const { tokens: both } = await login(system, { client });
    const narrowed = (await (await refresh(system, client, both.refresh_token, { scope: 'read' })).json()) as Tokens;
    expect([narrowed.scope, claimsOf(narrowed.access_token)['scope']]).toEqual(['read', 'read']);
    expect((await callTool(system, narrowed.access_token, 'add_note', { text: 'x' })).status).toBe(403);
    // RFC 6749 §6: the grant itself stays as it was.
    const whole = (await (await refresh(system, client, narrowed.refresh_token)).json()) as Tokens;
    expect(whole.scope).toBe('read write');
  });

  it('is ticked beforehand only where it changes nothing', async () => {
    const { ticked, offered: all } = await offered('read write', 'carol');
    expect([all, ticked]).toEqual([['read', 'write'], ['read']]);
    const browser = openBrowser();
    const back = await consent(browser, authorizeUrl(system, client, pkce()), { scope: ['read'] });
    expect(back.searchParams.has('code')).toBe(true);
  });
});
