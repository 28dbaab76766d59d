/** How often a sign-in asks the identity provider something, and whether the person waits for it. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { openOidcConnector } from '../../src/connectors/oidc.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { makeSigningKey, openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { openRealIdp } from '../support/real-idp.ts';
import { attempt, clock, connectorTo, refusalOf } from './support.ts';

const minute = 60_000;
const discoveryPath = '/.well-known/openid-configuration';
const computer = Date.now;
let idp: HostileIdp;
let ahead = 0;

/** The library reads the computer's clock, so that one is moved; time only ever goes on. */
function later(ms: number): void {
  ahead += ms;
  jest.spyOn(Date, 'now').mockImplementation(() => computer() + ahead);
}

beforeEach(async () => {
  idp = await openHostileIdp({ now: () => Date.now() });
});
afterEach(async () => {
  jest.restoreAllMocks();
  ahead = 0;
  await idp.close();
});

const upstream = () => idp.requests.filter(({ path }) => path !== '/authorize').map(({ path }) => path);
const soon = async (holds: () => boolean): Promise<void> => {
  for (let look = 0; look < 200 && !holds(); look += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
};

/** What one sign-in asked: on the way out, and on the way back, with what goes on in the background done in between. */
async function trip(connector: Connector): Promise<{ out: string[]; back: string[] }> {
  const from = upstream().length;
  const going = attempt();
  const url = await connector.begin(going);
  const keys = idp.count('/jwks');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(idp.count('/jwks')).toBeLessThanOrEqual(keys + 1);
  const out = upstream().slice(from);
  const who = await connector.complete(idp.visit(url), going);
  expect(who.subject).toBe('person-1');
  return { out, back: upstream().slice(from + out.length) };
}

async function warm(more: Parameters<typeof connectorTo>[1] = {}): Promise<Connector> {
  const connector = connectorTo(idp, more);
  await connector.warmUp();
  expect(upstream()).toEqual([discoveryPath, '/jwks']);
  return connector;
}

describe('a sign-in after the start', () => {
  it('asks once, for the token, and once more only where userinfo is configured [Q-OIDC-17]', async () => {
    const connector = await warm();
    for (let round = 0; round < 3; round += 1) expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
    const asking = connectorTo(idp, { userinfo: true });
    await asking.warmUp();
    expect(await trip(asking)).toEqual({ out: [], back: ['/token', '/userinfo'] });
  });

  it('asks no more when nobody signed in for minutes or hours: keys and discovery are renewed while the person is away', async () => {
    const connector = await warm();
    later(4 * minute - 5000);
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
    later(6000);
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
    later(30 * minute);
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    later(45 * minute);
    const { out, back } = await trip(connector);
    expect([[...out].sort(), back]).toEqual([[discoveryPath, '/jwks'], ['/token']]);
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
  });

  it('waits for neither: both may hang', async () => {
    const connector = await warm({ timeoutSeconds: 30 });
    later(61 * minute);
    const held: (() => void)[] = [];
    const hang = (_: unknown, response: { destroy(): void }) => void held.push(() => response.destroy());
    idp.script = { raw: { [discoveryPath]: hang, '/jwks': hang } };
    const going = attempt();
    const from = performance.now();
    const url = await connector.begin(going);
    expect(performance.now() - from).toBeLessThan(1000);
    await soon(() => held.length === 2);
    idp.script = {};
    for (const end of held) end();
    expect((await connector.complete(idp.visit(url), going)).subject).toBe('person-1');
  });

  it('asks for keys once, however many begin at the same time', async () => {
    const connector = await warm();
    later(10 * minute);
    const from = idp.count('/jwks');
    await Promise.all(Array.from({ length: 20 }, () => connector.begin(attempt())));
    await soon(() => idp.count('/jwks') > from);
    await trip(connector);
    expect(idp.count('/jwks')).toBe(from + 1);
  });

  it('asks once more for the first token under a new key, and not again [W51]', async () => {
    const connector = await warm();
    const next = await makeSigningKey('ES256');
    later(2 * minute);
    idp.script = { jwks: () => ({ keys: [next.publicJwk] }), signWith: next };
    expect(await trip(connector)).toEqual({ out: [], back: ['/token', '/jwks'] });
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
  });

  it('does not even that when the key changed long before, and the old one is worth nothing then [W51]', async () => {
    const connector = await warm();
    const next = await makeSigningKey('ES256');
    later(10 * minute);
    idp.script = { jwks: () => ({ keys: [next.publicJwk] }), signWith: next };
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    idp.script = { jwks: () => ({ keys: [next.publicJwk] }) };
    const going = attempt();
    const back = connector.complete(idp.visit(await connector.begin(going)), going);
    expect((await refusalOf(back)).refusal).toBe('untrustworthy');
  });

  it('keeps the keys it has when it is told of none, for as long as it would have anyway', async () => {
    const connector = await warm();
    idp.script = { jwks: () => ({ keys: [] }) };
    later(4 * minute + 2000);
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    later(minute);
    const going = attempt();
    const late = connector.complete(idp.visit(await connector.begin(going)), going);
    expect((await refusalOf(late)).refusal).toBe('untrustworthy');
  });

  it('asks again after a clock that was set back', async () => {
    const connector = await warm();
    later(3 * 60 * minute);
    expect(await trip(connector)).toMatchObject({ back: ['/token'] });
    later(-2 * 60 * minute);
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
  });

  it('asks in vain for keys once in four minutes at most, and goes on with those it has for five', async () => {
    const connector = await warm();
    idp.script = { raw: { '/jwks': (_, response) => void response.writeHead(500).end() } };
    later(4 * minute + 2000);
    expect(await trip(connector)).toEqual({ out: ['/jwks'], back: ['/token'] });
    expect(await trip(connector)).toEqual({ out: [], back: ['/token'] });
    later(2 * minute);
    const going = attempt();
    const late = connector.complete(idp.visit(await connector.begin(going)), going);
    expect((await refusalOf(late)).refusal).toBe('unreachable');
    idp.script = {};
    expect((await trip(connector)).back).toEqual(['/token', '/jwks']);
  });
});

describe('at a real one', () => {
  it.each([
    [true, ['/request']],
    [false, []],
  ])('the request goes out by a push (%s), and the token is all that is asked afterwards', async (requirePar, out) => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const clientKey = { ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' };
    const real = await openRealIdp({ clientKey, requirePar });
    const counts = () =>
      [discoveryPath, '/jwks', '/request', '/token', '/me'].filter((path) => real.count(path) > 0).map((path) => [path, real.count(path)]);
    try {
      const connector = openOidcConnector(
        {
          id: ConnectionId.parse('corp'),
          name: 'Corp',
          issuer: real.issuer,
          client_id: 'drawbridge',
          client_secret: null,
          tokenEndpointAuthMethod: 'private_key_jwt',
          clientKey: { private_key: new Secret<'private_key'>(await exportPKCS8(privateKey)), kid: 'ours' },
          redirect_uri: 'http://localhost:4000/login/corp/callback',
          scopes: ['openid'],
          claims: { groups: '/groups' },
          mfa: { acr_values: [], acr: [], amr: [] },
          pushedRequests: requirePar,
        },
        { clock, fetch: (url, request) => fetch(url, request as RequestInit) },
      );
      await connector.warmUp();
      for (const rounds of [1, 2]) {
        const going = attempt();
        await connector.complete(await real.visit(await connector.begin(going)), going);
        expect(counts()).toEqual([[discoveryPath, 1], ['/jwks', 1], ...out.map((path) => [path, rounds]), ['/token', rounds]]);
      }
    } finally {
      await real.close();
    }
  });
});
