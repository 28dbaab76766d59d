import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import type { TestClient, Tokens } from '../support/client.ts';
import { authorizeUrl, callTool, claimsOf, consent, login, openBrowser, pkce, redeem, refresh, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { effectsOf, expectBegun, expectError } from '../support/wire.ts';

const bound = {
  client_id: 'bound',
  client_name: 'Bound',
  redirect_uris: ['http://127.0.0.1:9876/callback'],
  token_endpoint_auth_method: 'none' as const,
};

/** Two servers on one origin, neither of them the default, with a scope in common and one each. */
function twoResources(config: Config): Config {
  const [notes] = config.resources;
  if (notes === undefined) throw new Error('the demonstration has a resource');
  const [read] = notes.scopes;
  if (read === undefined) throw new Error('the demonstration has scopes');
  const reports = {
    ...notes,
    id: 'reports',
    identifier: `${config.issuer}/reports`,
    name: 'Reports',
    default: false,
    baseline: ['read'],
    scopes: [read, { ...read, name: 'export', title: 'Export reports' }],
    tools: {},
    clients: [bound],
  };
  return { ...config, resources: [{ ...notes, default: false }, reports] };
}

let one: System;
let two: System;
let client: TestClient;
let reports: string;
beforeAll(async () => {
  [one, two] = await Promise.all([startSystem(), startSystem({ configure: twoResources })]);
  client = await register(one);
  reports = `${two.issuer}/reports`;
});
afterAll(async () => {
  await one.close();
  await two.close();
});

/** Logs in with this `resource` in the request, and the one in the token. */
async function audienceFor(system: System, resource: string | null, onToken: string | null = resource): Promise<unknown> {
  const secrets = pkce();
  const back = await consent(openBrowser(), authorizeUrl(system, client, secrets, { resource }));
  const fields = { client_id: client.client_id, code: back.searchParams.get('code') ?? '', code_verifier: secrets.code_verifier };
  const response = await redeem(system, onToken === null ? fields : { ...fields, resource: onToken });
  expect(response.status).toBe(200);
  return claimsOf(((await response.json()) as Tokens).access_token)['aud'];
}

describe('the resource of a request', () => {
  it('[A7.01] [A7.04] [B2.03] is accepted on both requests and becomes the one audience', async () => {
    expect(await audienceFor(one, one.mcp)).toBe(one.mcp);
  });

  it('[A7.03] [A7.04] [A7.10] [W17] may be spelt as clients spell it, and the audience is the identifier all the same', async () => {
    for (const spelling of [
      one.mcp.replace('http://localhost', 'HTTP://LocalHost'),
      one.issuer,
      `${one.issuer}/`,
      one.issuer.replace('localhost', 'LOCALHOST'),
    ])
      expect([spelling, await audienceFor(one, spelling)]).toEqual([spelling, one.mcp]);
    expect(await audienceFor(one, `${one.issuer}/`, one.mcp)).toBe(one.mcp);
  });

  it('[A7.07] [B1.04] [W17] is the default one when none is named, never none', async () => {
    expect(await audienceFor(one, null)).toBe(one.mcp);
    expect(await audienceFor(one, '', null)).toBe(one.mcp);
    const nobody = await register(two);
    await expectError(two, authorizeUrl(two, nobody, pkce(), { resource: null }), 'invalid_target');
    await expectBegun(two, authorizeUrl(two, nobody, pkce()));
  });

  it.each([
    'https://other.example/mcp',
    'mcp',
    '/mcp',
    '//localhost/mcp',
    'urn:mcp',
    'javascript:alert(1)',
    'SELF#f',
    'SELF#',
    'SELF/',
    'SELF/x',
    'SELF?x=1',
    'SELF ',
    'SELF\n',
    'SELF%2f',
    'SELF/../mcp',
    'ISSUER#f',
    'ISSUER#',
    'ISSUER/MCP',
    'ISSUER/%6dcp',
    'ISSUER//mcp',
    String.raw`ISSUER\mcp`,
    'HTTPS/mcp',
    'USER/mcp',
    'SELF,SELF',
    'SELF SELF',
    '*',
  ])('[A7.02] [W17] is invalid_target when it is not quite one of ours: %j', async (pattern) => {
    const resource = pattern
      .replaceAll('SELF', one.mcp)
      .replace('ISSUER', one.issuer)
      .replace('HTTPS', one.issuer.replace('http:', 'https:'))
      .replace('USER', one.issuer.replace('localhost', 'user@localhost'));
    await expectError(one, authorizeUrl(one, client, pkce(), { resource }), 'invalid_target');
  });

  it('[A7.06] [W17] [W11] may be named once only', async () => {
    for (const second of [one.mcp, 'https://other.example/mcp', '']) {
      const url = authorizeUrl(one, client, pkce());
      url.searchParams.append('resource', second);
      await expectError(one, url, 'invalid_target');
    }
    const { tokens } = await login(one, { client });
    const before = await effectsOf(one);
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: client.client_id, refresh_token: tokens.refresh_token });
    body.append('resource', one.mcp);
    body.append('resource', one.mcp);
    const answer = await fetch(`${one.issuer}/token`, { method: 'POST', body });
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_target' })]);
    expect(await effectsOf(one)).toEqual(before);
    // It cost nothing: the same refresh token still works.
    expect((await refresh(one, client, tokens.refresh_token)).status).toBe(200);
  });
});

describe('with two resources on one origin', () => {
  let other: TestClient;
  beforeAll(async () => {
    other = await register(two);
  });
  const login2 = (resource: string, scope: string, ticked: string[]) =>
    login(two, { client: other, scope: ticked, changes: { resource, scope } });

  it('[A7.10] a bare origin means neither', async () => {
    for (const resource of [two.issuer, `${two.issuer}/`])
      await expectError(two, authorizeUrl(two, other, pkce(), { resource }), 'invalid_target');
    await expectBegun(two, authorizeUrl(two, other, pkce(), { resource: reports }));
  });

  it('[A7.05] [A7.09] [W17] codes and refresh tokens stay with the resource they were made for', async () => {
    const secrets = pkce();
    const back = await consent(openBrowser(), authorizeUrl(two, other, secrets, { resource: two.mcp }));
    const fields = { client_id: other.client_id, code: back.searchParams.get('code') ?? '', code_verifier: secrets.code_verifier };
    for (const resource of [reports, two.issuer, 'https://other.example/mcp', `${two.mcp}/`]) {
      const answer = await redeem(two, { ...fields, resource });
      expect([resource, await answer.json()]).toEqual([resource, expect.objectContaining({ error: 'invalid_target' })]);
    }
    const tokens = (await (await redeem(two, fields)).json()) as Tokens;
    expect(claimsOf(tokens.access_token)['aud']).toBe(two.mcp);
    for (const resource of [reports, two.issuer])
      expect(await (await refresh(two, other, tokens.refresh_token, { resource })).json()).toMatchObject({ error: 'invalid_target' });
    const again = (await (await refresh(two, other, tokens.refresh_token)).json()) as Tokens;
    expect(claimsOf(again.access_token)['aud']).toBe(two.mcp);
    const named = (await (await refresh(two, other, again.refresh_token, { resource: two.mcp })).json()) as Tokens;
    expect(claimsOf(named.access_token)['aud']).toBe(two.mcp);
  });

  it('[A7.06] [A7.08] [W17] a token opens one of them, with the scopes of that one', async () => {
    const { tokens } = await login2(reports, 'read write export', ['read', 'export']);
    expect(claimsOf(tokens.access_token)).toMatchObject({ aud: reports, scope: 'read export' });
    expect(tokens.scope).toBe('read export');
    expect((await callTool({ mcp: two.mcp }, tokens.access_token, 'whoami')).status).toBe(401);
    expect((await callTool({ mcp: reports }, tokens.access_token, 'whoami')).status).not.toBe(401);
    const { tokens: notes } = await login2(two.mcp, 'read export', ['read']);
    expect(notes.scope).toBe('read');
    expect((await callTool({ mcp: two.mcp }, notes.access_token, 'whoami')).status).toBe(200);
  });

  it('[W21] a client configured for one is no client of the other', async () => {
    const its = { client_id: bound.client_id, redirect_uri: 'http://127.0.0.1:9876/callback' };
    await expectBegun(two, authorizeUrl(two, its, pkce(), { resource: reports, scope: 'read' }));
    await expectError(two, authorizeUrl(two, its, pkce(), { resource: two.mcp }), 'invalid_target');
  });
});
