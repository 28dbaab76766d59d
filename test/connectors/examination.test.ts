import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { examineOidc } from '../../src/connectors/oidc-examination.ts';
import type { OidcSettingsInput } from '../../src/connectors/oidc-settings.ts';
import { examineSupabase } from '../../src/connectors/supabase-examination.ts';
import { SupabaseSettings } from '../../src/connectors/supabase-settings.ts';
import type { Check } from '../../src/domain/connection-check.ts';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { makeSigningKey, openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { settingsFor } from './support.ts';
import { openProject, settingsOf } from './supabase-support.ts';

type Json = Record<string, unknown>;

let idp: HostileIdp;
beforeEach(async () => {
  idp = await openHostileIdp();
});
afterEach(async () => idp.close());

interface How {
  readonly settings?: Partial<OidcSettingsInput>;
  /** By how much our clock is wrong (s). */
  readonly ours?: number;
  readonly triesCredential?: boolean;
}

async function examine({ settings = {}, ours = 0, triesCredential = true }: How = {}): Promise<Check[]> {
  const checks = await examineOidc(settingsFor(idp, settings), {
    clock: { now: () => Date.now() + ours * 1000 },
    fetch: (url, request) => fetch(url, request as RequestInit),
    entropy: nodeEntropy,
    readDate: (text) => Date.parse(text),
    triesCredential,
  });
  expect(JSON.stringify(checks)).not.toMatch(/CNRY|eyJ/);
  for (const { result, todo } of checks) expect(todo === null).toBe(result === 'ok' || result === 'not-run');
  return checks;
}

const resultsOf = (checks: readonly Check[]) => Object.fromEntries(checks.map(({ check, result }) => [check, result]));
const found = (checks: readonly Check[], name: Check['check']) =>
  checks.filter(({ check }) => check === name).map(({ result, says }) => [result, says]);
const says = (words: string): unknown => expect.stringContaining(words);
const reply =
  (status: number, body: string) =>
  (_request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);

describe('an examined identity provider', () => {
  it('passes when all is well, after one look at each address [Q-OIDC-01]', async () => {
    const checks = await examine();
    expect(resultsOf(checks)).toEqual({
      discovery: 'ok',
      issuer: 'ok',
      endpoints: 'ok',
      features: 'ok',
      algorithms: 'ok',
      keys: 'ok',
      client: 'ok',
      clock: 'ok',
      'return-address': 'not-run',
    });
    expect(found(checks, 'features')).toEqual([
      [
        'ok',
        'It offers its name in the answer (iss); it does not say that it offers pushed requests, the claims parameter and back-channel logout.',
      ],
    ]);
    expect(found(checks, 'return-address')).toEqual([['not-run', says('exactly as http://localhost:4000/login/corp/callback')]]);
    expect(idp.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/jwks', '/token']);
  });

  it('is asked once whether it takes us as its client', async () => {
    const wrong = await examine({ settings: { client_secret: new Secret<'client_secret'>('another') } });
    expect(found(wrong, 'client')).toEqual([['problem', says('does not take us as its client')]]);
    expect(idp.count('/token')).toBe(1);
    expect(found(await examine({ triesCredential: false }), 'client')).toEqual([['not-run', says('demonstration')]]);
    expect(idp.count('/token')).toBe(1);
  });

  it.each<[string, number, string, Check['result'], string]>([
    ['forbids the code flow', 400, '{"error":"unauthorized_client"}', 'problem', 'does not let us use the code flow'],
    ['is out of order', 503, '<html>CNRY</html>', 'warning', 'does not tell'],
    ['says something of its own', 400, '{"error":"CNRY_custom"}', 'warning', 'an error code of its own'],
    ['gives a token to anybody', 200, '{"access_token":"CNRYt","token_type":"Bearer"}', 'problem', 'a code that nobody issued'],
  ])('that %s is told from one that does not know us', async (_what, status, body, result, words) => {
    idp.script = { raw: { '/token': reply(status, body) } };
    expect(found(await examine(), 'client')).toEqual([[result, says(words)]]);
    expect(idp.count('/token')).toBe(1);
  });

  it('that takes pushed requests shows by one what it thinks of us and our return address', async () => {
    const pushed = (status: number, body: string) => ({
      discovery: (document: Json) => ({ ...document, pushed_authorization_request_endpoint: `${idp.issuer}/par` }),
      raw: { '/par': reply(status, body) },
    });
    idp.script = pushed(201, '{"request_uri":"urn:example:1","expires_in":60}');
    expect(resultsOf(await examine())).toMatchObject({ client: 'ok', 'return-address': 'ok' });
    idp.script = pushed(400, '{"error":"invalid_request","error_description":"CNRY"}');
    const refused = await examine();
    expect(resultsOf(refused)).toMatchObject({ 'return-address': 'problem' });
    expect(resultsOf(refused)).not.toHaveProperty('client');
    idp.script = pushed(401, '{"error":"invalid_client"}');
    expect(resultsOf(await examine())).toMatchObject({ client: 'problem', 'return-address': 'not-run' });
    expect([idp.count('/par'), idp.count('/token')]).toEqual([3, 0]);
  });

  it('that calls itself something else is found out, and is shown neither keys nor credential [Q-KEYCLOAK-02]', async () => {
    idp.script = { discovery: (document) => ({ ...document, issuer: `${idp.issuer}/\u202eevil${'x'.repeat(500)}` }) };
    const checks = await examine();
    expect(resultsOf(checks)).toMatchObject({ discovery: 'ok', issuer: 'problem', keys: 'not-run', client: 'not-run' });
    const [[, words] = []] = found(checks, 'issuer');
    expect(words).toContain(`It calls itself “${idp.issuer}/evil`);
    expect(words?.length).toBeLessThan(400);
    expect(idp.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration']);
  });

  it.each<[string, HostileIdp['script'], Check['check'], string]>([
    ['has nothing there', { raw: { '/.well-known/openid-configuration': reply(404, '{}') } }, 'discovery', 'the answer is 404'],
    ['has a page there', { raw: { '/.well-known/openid-configuration': reply(200, '<html>') } }, 'discovery', 'not a discovery document'],
    [
      'points elsewhere',
      { discovery: (document) => ({ ...document, token_endpoint: 'http://example.com/token' }) },
      'endpoints',
      'token_endpoint',
    ],
    [
      'signs as we do not accept [Q-OIDC-03]',
      { discovery: (document) => ({ ...document, id_token_signing_alg_values_supported: ['HS256'] }) },
      'algorithms',
      'HS256',
    ],
    ['publishes no key', { jwks: () => ({ keys: [] }) }, 'keys', 'no key'],
    ['publishes a secret one', { jwks: ({ keys }) => ({ keys: keys.map((key) => ({ ...key, d: 'CNRYsecret' })) }) }, 'keys', 'no key'],
    ['has no key set', { raw: { '/jwks': reply(500, '') } }, 'keys', 'KEY_SET_STATUS'],
  ])('that %s is a problem', async (_what, script, check, words) => {
    idp.script = script;
    expect(found(await examine(), check)).toEqual([['problem', says(words)]]);
  });

  it('that has keys for another algorithm only is a problem', async () => {
    const other = await makeSigningKey('ES384');
    idp.script = { jwks: () => ({ keys: [other.publicJwk] }) };
    expect(found(await examine(), 'keys')).toEqual([['problem', says('1 keys, and none')]]);
    expect(found(await examine({ settings: { allowedAlgorithms: ['ES384'] } }), 'keys')).toEqual([['ok', says('(ES384)')]]);
  });

  it('that does not answer is told from one that answers wrongly', async () => {
    await idp.close();
    expect(resultsOf(await examine())).toMatchObject({ discovery: 'problem', keys: 'not-run', client: 'not-run', clock: 'not-run' });
  });

  it.each<[number, Check['result'], string]>([
    [20, 'ok', 'seconds apart'],
    [45, 'warning', 'seconds behind ours'],
    [-45, 'warning', 'seconds ahead of ours'],
    [90, 'problem', 'seconds behind ours'],
    [-90, 'problem', 'seconds ahead of ours'],
  ])('whose clock differs from ours by %i s: %s', async (ours, result, words) => {
    expect(found(await examine({ ours }), 'clock')).toEqual([[result, says(words)]]);
  });

  it('that answers out of a cache is not said to be late', async () => {
    const past = new Date(Date.now() - 300_000).toUTCString();
    const cached = (age: string) => ({
      raw: {
        '/.well-known/openid-configuration': (_: IncomingMessage, response: ServerResponse) =>
          void response.writeHead(404, { date: past, age, 'content-type': 'application/json' }).end('{}'),
      },
    });
    idp.script = cached('300');
    expect(resultsOf(await examine())).toMatchObject({ clock: 'ok' });
    idp.script = cached('0');
    expect(resultsOf(await examine())).toMatchObject({ clock: 'problem' });
  });

  it('cannot be shown a key of ours that signs nothing', async () => {
    const clientKey = { private_key: new Secret<'private_key'>('-----BEGIN PRIVATE KEY-----\nCNRY\n-----END PRIVATE KEY-----') };
    const checks = await examine({ settings: { client_secret: null, tokenEndpointAuthMethod: 'private_key_jwt', clientKey } });
    expect(found(checks, 'client')).toContainEqual(['problem', says('Our own key cannot be used')]);
  });
});

describe('an examined Supabase project', () => {
  it('passes when every way is switched on, and not otherwise', async () => {
    const project = await openProject();
    const tools = { clock: project, fetch: (url: string, request: object) => fetch(url, request as RequestInit) };
    try {
      const well = await examineSupabase(SupabaseSettings.parse(settingsOf(project)), tools);
      expect(resultsOf(well)).toEqual({ project: 'ok', 'return-address': 'not-run' });
      const lacking = await examineSupabase(SupabaseSettings.parse(settingsOf(project, { methods: ['google', 'gitlab'] })), tools);
      expect(found(lacking, 'project')).toEqual([['problem', says('gitlab')]]);
    } finally {
      await project.close();
    }
  });
});
