import { expect } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { CollectionDeclaration, StoredDocument } from '../../src/ports/document-engine.ts';
import { Browser, wordsOf } from './browser.ts';
import type { Page } from './browser.ts';
import { authorizeUrl, pkce, redeem, register } from './client.ts';
import type { Pkce, SignedIn, TestClient, Tokens } from './client.ts';
import { openHostileIdp } from './hostile-idp.ts';
import type { HostileIdp } from './hostile-idp.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';
import { kindOf } from './wire.ts';

export const alphaMfa = 'urn:example:2fa';
export const alphaPhr = 'urn:example:phr';

function connectionTo(id: string, name: string, idp: HostileIdp): Config['connections'][number] {
  return {
    id: ConnectionId.parse(id),
    type: 'oidc',
    name,
    issuer: idp.issuer,
    client_id: idp.client_id,
    client_secret: new Secret(idp.client_secret ?? ''),
    tokenEndpointAuthMethod: 'client_secret_basic',
    scopes: ['openid', 'profile', 'email'],
    claims: { groups: '/groups', email: '/email', name: '/name' },
    userinfo: false,
    mfa: { acr_values: [alphaMfa], acr: [alphaMfa, alphaPhr], amr: ['mfa'], phishingResistant: { acr: [alphaPhr], amr: [] } },
    allowedAlgorithms: ['RS256', 'ES256'],
  };
}

/** What leaves a test room to make many requests in one minute. */
export const unhurried = (config: Config): Config => ({
  ...config,
  limits: {
    authorizePerMinute: 100_000,
    registerPerMinute: 100_000,
    tokenFailuresPerMinute: 100_000,
    scimFailuresPerMinute: 100_000,
    answersPerMinute: 100_000,
    previewsPerMinute: 100_000,
  },
});

export interface TwoIdps extends System {
  /** Ana, in `eng`: editor in Acme, viewer in Globex. */
  readonly alpha: HostileIdp;
  /** Another company whose Ana has the same subject and the same e-mail address. */
  readonly beta: HostileIdp;
}

/** The demonstration with two more identity providers that do as they are told, each beside a door of its own. */
export async function startWithTwoIdps(options: SystemOptions = {}): Promise<TwoIdps> {
  let clock: Pick<System['clock'], 'now'> = { now: () => Date.now() };
  const now = (): number => clock.now();
  const person = { sub: 'person-1', email: 'ana@corp.example', name: 'Ana Anders' };
  const alpha = await openHostileIdp({ person: { ...person, groups: ['eng'] }, now });
  const beta = await openHostileIdp({ person: { ...person, groups: ['support'] }, now });
  const configure = (config: Config): Config => {
    const connections = [...config.connections, connectionTo('alpha', 'Alpha', alpha), connectionTo('beta', 'Beta', beta)];
    // Betas of this world are judged by a rule of their own.
    const named = { connection: ConnectionId.parse('beta'), subject: 'beta-only', role: RoleId.parse('viewer') };
    const tenants = config.tenants.map((tenant) => ({ ...tenant, members: tenant.id === 'globex' ? [named] : [] }));
    return (options.configure ?? ((same) => same))(unhurried({ ...config, connections, tenants }));
  };
  const closeIdps = () => Promise.all([alpha.close(), beta.close()]);
  const system = await startSystem({ ...options, configure }).catch(async (error: unknown) => {
    await closeIdps();
    throw error;
  });
  clock = system.clock;
  return {
    ...system,
    // Other ones after a restart.
    get config() {
      return system.config;
    },
    get engine() {
      return system.engine;
    },
    alpha,
    beta,
    close: async () => {
      await system.close();
      await closeIdps();
    },
  };
}

export interface Begun {
  readonly client: TestClient;
  readonly pkce: Pkce;
  readonly browser: Browser;
  /** `/authorize/…` */
  readonly path: string;
  readonly id: string;
}

/** A browser that stops before the client's address and, on request, before it brings an answer back to us. */
export function careful({ issuer }: Pick<System, 'issuer'>, { beforeCallback = false }: { beforeCallback?: boolean } = {}): Browser {
  return new Browser({
    portsShareCookies: true,
    stopAt: (url) =>
      url.href.startsWith('http://127.0.0.1:9876') || (beforeCallback && url.origin === issuer && url.pathname.startsWith('/callback/')),
  });
}

/** An authorization request up to the page with the doors. */
export async function begin(
  system: System,
  how: { browser?: Browser; beforeCallback?: boolean; client?: TestClient; changes?: Record<string, string | null> } = {},
): Promise<Begun> {
  const client = how.client ?? (await register(system));
  const secrets = pkce();
  const browser = how.browser ?? careful(system, how);
  const page = await browser.get(authorizeUrl(system, client, secrets, how.changes));
  expect(page.status).toBe(200);
  return { client, pkce: secrets, browser, path: page.url.pathname, id: page.url.pathname.split('/')[2] ?? '' };
}

/** Up to the consent page, through one of the scripted identity providers. */
export async function beginConsent(system: TwoIdps, how: Parameters<typeof begin>[1] & { door?: 'alpha' | 'beta' } = {}): Promise<Begun> {
  const begun = await begin(system, how);
  const page = await begun.browser.submit({}, { form: `/login/${how.door ?? 'alpha'}` });
  expect(page.forms.some(({ action }) => action.pathname === `${begun.path}/consent`)).toBe(true);
  return begun;
}

/** Approves what the consent page asks for, and exchanges the code. */
export async function finishConsent(system: Pick<System, 'issuer'>, { browser, client, pkce }: Begun): Promise<SignedIn> {
  const { location } = await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
  const code = location?.searchParams.get('code') ?? '';
  const { client_id, redirect_uri } = client;
  const response = await redeem(system, { client_id, code, code_verifier: pkce.code_verifier, redirect_uri });
  expect(response.status).toBe(200);
  return { client, pkce, code, tokens: (await response.json()) as Tokens };
}

export const pressDoor = ({ browser }: Begun, door = 'alpha'): Promise<Page> => browser.submit({}, { form: `/login/${door}` });

/** The same tab, once Alpha is itself again. */
export async function goesOn(system: TwoIdps, begun: Begun): Promise<void> {
  system.alpha.script = {};
  const page = await pressDoor(begun);
  expect({ path: page.url.pathname, known: page.body.includes('Ana Anders') }).toEqual({ path: begun.path, known: true });
}

/** Presses a door and keeps the address that the browser would bring the answer to. */
export async function answerOf(begun: Begun, door: 'alpha' | 'beta' = 'alpha'): Promise<URL> {
  const { location } = await begun.browser.submit({}, { form: `/login/${door}` });
  expect(location?.pathname).toBe(`/callback/${door}`);
  return location ?? new URL('about:blank');
}

export async function rowsOf({ engine }: Pick<System, 'engine'>, collection: CollectionDeclaration): Promise<StoredDocument[]> {
  return engine.page(collection, { limit: 1000 });
}

export type LogLine = Record<string, unknown> & { event: string };

export const linesOf = ({ lines }: Pick<System, 'lines'>): LogLine[] => lines.map((line) => JSON.parse(line) as LogLine);

/**
 * A page that stops, as an operator meets it: `status` and kind as expected, a reference on it, under that reference one line in the log with
 * the private `reason`, and nothing of that reason on the page.
 */
export function expectStopped(
  system: System,
  page: Pick<Page, 'status' | 'body' | 'headers' | 'location'>,
  kind: string,
  reason: RegExp,
): void {
  const expected = { kind, location: null };
  expect({ kind: kindOf(page.body), location: page.location }).toEqual(expected);
  const [reference] = /DB-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(wordsOf(page.body)) ?? [];
  const found = linesOf(system).filter((line) => line['reference'] === reference && reference !== undefined);
  expect(found).toHaveLength(1);
  const [line] = found;
  expect(line).toMatchObject({ event: 'page.refused', status: page.status, reason: expect.stringMatching(reason) });
  const words = String(line?.['reason']).slice(kind.length + 2);
  expect(words.length).toBeGreaterThan(3);
  expect(page.body.toLowerCase()).not.toContain(words.toLowerCase());
  expect(page.headers.get('cache-control')).toBe('no-store');
}
