import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser, wordsOf } from './browser.ts';
import type { BrowserOptions } from './browser.ts';
import type { System } from './system.ts';

/** An MCP client as the wire sees it: registered by itself, public, on a loopback address. */
export interface TestClient {
  readonly client_id: string;
  readonly redirect_uri: string;
}

export const loopbackAddress = 'http://127.0.0.1:9876/callback';

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
}

export async function postForm(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
}

export async function register(
  { issuer }: Pick<System, 'issuer'>,
  metadata: Record<string, unknown> = {},
): Promise<TestClient & Record<string, unknown>> {
  const response = await postJson(`${issuer}/register`, {
    client_name: 'Test client',
    redirect_uris: [loopbackAddress],
    token_endpoint_auth_method: 'none',
    ...metadata,
  });
  const body = (await response.json()) as Record<string, unknown>;
  if (response.status !== 201) throw new Error(`registration refused: ${JSON.stringify(body)}`);
  return { ...body, client_id: String(body['client_id']), redirect_uri: String((body['redirect_uris'] as string[])[0]) };
}

export interface Pkce {
  readonly code_verifier: string;
  readonly code_challenge: string;
}

export function pkce(): Pkce {
  const code_verifier = randomBytes(32).toString('base64url');
  return { code_verifier, code_challenge: createHash('sha256').update(code_verifier).digest('base64url') };
}

/** An authorization request with everything right; a value of null leaves a parameter out. */
export function authorizeUrl(
  { issuer, mcp }: Pick<System, 'issuer' | 'mcp'>,
  client: TestClient,
  { code_challenge }: Pkce,
  changes: Record<string, string | null> = {},
): URL {
  const url = new URL(`${issuer}/authorize`);
  const parameters: Record<string, string | null> = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: client.redirect_uri,
    code_challenge,
    code_challenge_method: 'S256',
    state: 'test-state',
    scope: 'read write',
    resource: mcp,
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value);
  return url;
}

/** A person's browser: it stops before it would go to a client. */
export const openBrowser = (options: BrowserOptions = {}): Browser =>
  new Browser({
    ...options,
    stopAt: (url) => url.href.startsWith('http://127.0.0.1:9876') || !/^https?:$/.test(url.protocol),
    portsShareCookies: true,
  });

/** Signs in at the demonstration identity provider, with the one-time code when it asks for one. */
export async function signIn(browser: Browser, login: string): Promise<void> {
  await browser.submit({}, { form: '/login/demo' });
  if (browser.page.body.includes('name="login"')) await browser.submit({ login, password: 'demo' });
  await enterCode(browser);
}

/** Types the code that is shown; when all of this half minute are used, waits for the next as the page says. */
export async function enterCode(browser: Browser): Promise<void> {
  if (browser.page.body.includes('<p id="wait">')) {
    await wait(Number(browser.page.headers.get('Refresh')) * 1000);
    await browser.get(browser.page.url);
  }
  const code = /id="current-code">(\d{6})</.exec(browser.page.body)?.[1];
  if (code !== undefined) await browser.submit({ code }, { form: browser.page.forms[0]?.action.pathname ?? '' });
}

export interface Consenting {
  readonly login?: string;
  readonly tenant?: string;
  readonly scope?: readonly string[];
  readonly decision?: 'Approve' | 'Deny';
}

/** Goes through every page as a person would; the browser then stands before the client's address. */
export async function consent(
  browser: Browser,
  url: URL,
  { login = 'alice', tenant, scope = ['read', 'write'], decision = 'Approve' }: Consenting = {},
): Promise<URL> {
  await browser.get(url);
  await signIn(browser, login);
  if (tenant !== undefined && !new RegExp(`name="shown_tenant" value="${tenant}"`).test(browser.page.body)) {
    const name = `${tenant.charAt(0).toUpperCase()}${tenant.slice(1)}`;
    await browser.submit({}, { form: '/tenant', press: name });
    await enterCode(browser);
  }
  await browser.submit(decision === 'Approve' ? { scope: [...scope] } : {}, { form: '/consent', press: decision });
  if (browser.location === null)
    throw new Error(`not sent back to the client, but shown (${browser.page.status}): ${wordsOf(browser.page.body).slice(0, 400)}`);
  return browser.location;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

export interface SignedIn {
  readonly client: TestClient;
  readonly pkce: Pkce;
  readonly code: string;
  readonly tokens: Tokens;
}

export async function redeem({ issuer }: Pick<System, 'issuer'>, fields: Record<string, string>): Promise<Response> {
  return postForm(`${issuer}/token`, { grant_type: 'authorization_code', ...fields });
}

export async function refresh(
  { issuer }: Pick<System, 'issuer'>,
  client: TestClient,
  refresh_token: string,
  more: Record<string, string> = {},
): Promise<Response> {
  return postForm(`${issuer}/token`, { grant_type: 'refresh_token', client_id: client.client_id, refresh_token, ...more });
}

/** A whole login, from registration to tokens. */
export async function login(
  system: Pick<System, 'issuer' | 'mcp'>,
  how: Consenting & { client?: TestClient; changes?: Record<string, string | null> } = {},
): Promise<SignedIn> {
  const client = how.client ?? (await register(system));
  const secrets = pkce();
  const answer = await consent(openBrowser(), authorizeUrl(system, client, secrets, how.changes), how);
  const code = answer.searchParams.get('code') ?? '';
  const response = await redeem(system, {
    client_id: client.client_id,
    code,
    code_verifier: secrets.code_verifier,
    redirect_uri: client.redirect_uri,
  });
  const tokens = (await response.json()) as Tokens;
  if (response.status !== 200) throw new Error(`code refused: ${JSON.stringify(tokens)}`);
  return { client, pkce: secrets, code, tokens };
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** One JSON-RPC call of the 2025-11-25 era through the gateway. */
export async function callTool(
  { mcp }: Pick<System, 'mcp'>,
  access_token: string,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Response> {
  const headers = {
    Authorization: `Bearer ${access_token}`,
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': '2025-11-25',
  };
  return postJson(mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }, headers);
}
