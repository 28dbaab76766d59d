import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { makeSigningKey, openCanary, openHostileIdp, type HostileIdp, type Script } from '../support/hostile-idp.ts';
import { attempt, connectorTo, login, refusalOf, settingsFor } from './support.ts';
import { connectorTypes } from '../../src/connectors/registry.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
let canary: Awaited<ReturnType<typeof openCanary>>;
beforeEach(async () => {
  [idp, canary] = await Promise.all([openHostileIdp(), openCanary()]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all([idp.close(), canary.close()]);
});

const discoveryPath = '/.well-known/openid-configuration';
const and =
  (more: Json) =>
  (document: Json): Json => ({ ...document, ...more });
const hour = 3_600_000;

/** Moves this process's clock, ours and the library's alike. */
function shiftClock(milliseconds: number): void {
  const real = performance.timeOrigin;
  jest.spyOn(Date, 'now').mockImplementation(() => real + performance.now() + milliseconds);
}

describe('the discovery document', () => {
  it.each<[string, Json]>([
    ['another issuer [Q-ANY-04]', { issuer: 'https://other.example' }],
    ['its issuer with a trailing slash', { issuer: 'SELF/' }],
    ['a token endpoint on another port', { token_endpoint: 'CANARY' }],
    ['a key set on another port', { jwks_uri: 'CANARY' }],
    ['an authorization endpoint on another port', { authorization_endpoint: 'CANARY' }],
    ['a key set over http elsewhere [Q-LIB-13]', { jwks_uri: 'http://idp.example/jwks' }],
    ['credentials in an endpoint', { token_endpoint: 'https://user:pass@idp.example/token' }],
    ['a file as key set', { jwks_uri: 'file:///etc/passwd' }],
    ['no key set', { jwks_uri: undefined }],
    ['no token endpoint', { token_endpoint: undefined }],
    ['an endpoint that is no text', { token_endpoint: { href: 'x' } }],
    ['a callback of its own', { authorization_endpoint: 'https://idp.example/a?redirect_uri=https://evil.example' }],
  ])('with %s is refused, and nothing is sent there [W56] [S3.01]', async (_what, more) => {
    const text = JSON.stringify(more)
      .replaceAll('CANARY', `http://127.0.0.1:${String(canary.port)}/x`)
      .replaceAll('SELF', idp.issuer);
    const change = text === '{}' ? more : (JSON.parse(text) as Json);
    const refused = await refusalOf(login(connectorTo(idp), idp, { discovery: and(change) }));
    expect(refused.refusal).toBe('untrustworthy');
    expect([canary.connections(), idp.count('/token'), idp.count('/jwks')]).toEqual([0, 0, 0]);
    expect((await login(connectorTo(idp), idp)).subject).toBe('person-1');
  });

  it('of ten megabytes is not read to its end [W56] [Q-OIDC-16]', async () => {
    const refused = await refusalOf(login(connectorTo(idp), idp, { discovery: and({ pad: 'x'.repeat(10_000_000) }) }));
    expect(refused).toEqual({ refusal: 'unreachable', reason: 'discovery: ANSWER_TOO_LARGE' });
  });

  it('is not looked for where a redirect points [W56] [Q-LIB-11]', async () => {
    const raw: NonNullable<Script['raw']> = {
      [discoveryPath]: (_q, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    };
    expect((await refusalOf(login(connectorTo(idp), idp, { raw }))).refusal).toBe('unreachable');
    expect(idp.count('/elsewhere')).toBe(0);
  });

  it('is fetched once, renewed in the background, and the old one serves while the new one is bad [W56] [Q-ANY-18]', async () => {
    const connector = connectorTo(idp);
    await Promise.all(Array.from({ length: 20 }, () => connector.begin(attempt())));
    await login(connector, idp);
    expect(idp.count(discoveryPath)).toBe(1);
    shiftClock(2 * hour);
    idp.script = { discovery: and({ issuer: 'https://other.example' }) };
    expect((await connector.begin(attempt())).origin).toBe(idp.issuer);
    await settled(() => idp.count(discoveryPath) === 2);
    expect((await connector.begin(attempt())).origin).toBe(idp.issuer);
    shiftClock(30 * hour);
    expect((await refusalOf(connector.begin(attempt()))).refusal).toBe('untrustworthy');
  });

  it('is followed when it names another address an hour later [Q-LIB-12]', async () => {
    const connector = connectorTo(idp);
    expect((await connector.begin(attempt())).pathname).toBe('/authorize');
    shiftClock(2 * hour);
    idp.script = { discovery: and({ authorization_endpoint: `${idp.issuer}/authorize2` }) };
    await connector.begin(attempt());
    await settled(() => idp.count(discoveryPath) === 2);
    expect((await connector.begin(attempt())).pathname).toBe('/authorize2');
  });

  it('is asked for again after the upstream was down when we started, though not at once', async () => {
    const { issuer } = idp;
    const port = Number(new URL(issuer).port);
    const connector = connectorTo(idp);
    await idp.close();
    expect((await refusalOf(connector.warmUp())).refusal).toBe('unreachable');
    expect((await refusalOf(connector.begin(attempt()))).refusal).toBe('unreachable');
    idp = await openHostileIdp({ port });
    expect((await refusalOf(connector.begin(attempt()))).refusal).toBe('unreachable');
    expect(idp.count(discoveryPath)).toBe(0);
    shiftClock(6000);
    expect((await login(connector, idp)).issuer).toBe(issuer);
  });
});

describe('the key set', () => {
  it('is at hand after warming up', async () => {
    const connector = connectorTo(idp);
    await connector.warmUp();
    expect([idp.count(discoveryPath), idp.count('/jwks')]).toEqual([1, 1]);
    await login(connector, idp);
    expect(idp.count('/jwks')).toBe(1);
  });

  it('is fetched once for many logins at a time, and not again for a stranger key until a minute has passed [W51] [Q-ANY-17]', async () => {
    const connector = connectorTo(idp);
    await Promise.all(Array.from({ length: 20 }, () => login(connector, idp)));
    expect(idp.count('/jwks')).toBe(1);
    const stranger = await makeSigningKey('ES256');
    const storm = Array.from({ length: 50 }, (_, i) =>
      refusalOf(login(connector, idp, { signWith: { ...stranger, kid: `k${String(i)}` } })),
    );
    expect(new Set((await Promise.all(storm)).map((refused) => refused.refusal))).toEqual(new Set(['untrustworthy']));
    expect(idp.count('/jwks')).toBe(1);
  });

  it('is fetched again for a new key, and the old key is then worth nothing [W51] [Q-ANY-17]', async () => {
    const connector = connectorTo(idp);
    await login(connector, idp);
    const next = await makeSigningKey('ES256');
    const rotated: Script = { signWith: next, jwks: () => ({ keys: [next.publicJwk] }) };
    expect((await refusalOf(login(connector, idp, rotated))).refusal).toBe('untrustworthy');
    shiftClock(61_000);
    expect((await login(connector, idp, rotated)).subject).toBe('person-1');
    expect((await refusalOf(login(connector, idp, { ...rotated, signWith: idp.key }))).refusal).toBe('untrustworthy');
    expect(idp.count('/jwks')).toBe(2);
  });

  it.each<[string, (key: Json) => Json[]]>([
    ['keys for encryption', (key) => [{ ...key, use: 'enc' }]],
    ['keys that are secrets', (key) => [{ kty: 'oct', k: 'AAAA', kid: key['kid'], alg: 'HS256' }]],
    ['keys whose secret half is published', (key) => [{ ...key, d: 'AAAA' }]],
    ['two keys of the same name', (key) => [key, { ...key, x: key['y'] }]],
    ['keys of another kind', (key) => [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: key['kid'] }]],
    ['keys that are none', () => [null as never, 7 as never, {}]],
    ['no keys', () => []],
  ])('of %s verifies nothing [W51]', async (_what, keysFrom) => {
    const script: Script = { jwks: ({ keys }) => ({ keys: keysFrom(keys[0] ?? {}) }) };
    expect((await refusalOf(login(connectorTo(idp), idp, script))).refusal).toBe('untrustworthy');
    const beside: Script = { jwks: ({ keys }) => ({ keys: [...keys, { kty: 'oct', k: 'AAAA', kid: keys[0]?.['kid'] }, null] }) };
    expect((await login(connectorTo(idp), idp, beside)).subject).toBe('person-1');
  });

  it.each<[string, unknown]>([
    ['of ten thousand keys', { keys: Array.from({ length: 10_000 }, (_, i) => ({ kty: 'RSA', kid: String(i) })) }],
    ['of a hundred and one keys', { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }],
    ['without keys', { jwks: [] }],
    ['that is a list', []],
  ])('%s is not taken in [W51]', async (_what, set) => {
    expect((await refusalOf(login(connectorTo(idp), idp, { jwks: () => set }))).refusal).toBe('unreachable');
  });
});

describe('settings', () => {
  it.each([
    ['http elsewhere', 'http://idp.example'],
    ['a discovery URL [Q-ANY-03]', 'https://idp.example/.well-known/openid-configuration'],
    ['a query', 'https://idp.example/?a=b'],
    ['an empty fragment', 'https://idp.example/#'],
    ['credentials', 'https://u:p@idp.example'],
    ['no URL', 'idp.example'],
  ])('an issuer that is %s is refused [S3.01]', (_what, issuer) => {
    const { oidc } = connectorTypes;
    expect(oidc?.settings.safeParse(settingsFor(idp)).success).toBe(true);
    expect(oidc?.settings.safeParse(settingsFor(idp, { issuer })).success).toBe(false);
  });

  it('a shared-secret algorithm cannot be allowed', () => {
    expect(connectorTypes['oidc']?.settings.safeParse({ ...settingsFor(idp), allowedAlgorithms: ['HS256'] }).success).toBe(false);
  });
});

async function settled(done: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !done(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 20));
}
