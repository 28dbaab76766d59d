/** An identity provider that fails while people sign in and apps renew, over the whole broker; what it does at one exchange is in login-outage. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { grants, identities } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import { callTool, claimsOf, login, redeem, refresh } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { makeSigningKey } from '../support/hostile-idp.ts';
import { begin, beginConsent, expectStopped, linesOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

const discoveryPath = '/.well-known/openid-configuration';
const minute = 60_000;
let system: TwoIdps;

/** Alpha is asked again before an app's tokens are renewed, Beta is not. */
const alphaIsAsked = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((each) =>
    each.id === 'alpha' ? { ...each, recheck: { afterSeconds: 900, graceSeconds: 3600 } } : each,
  ),
});

beforeAll(async () => {
  system = await startWithTwoIdps({ configure: alphaIsAsked });
});
afterAll(() => system.close());
afterEach(() => {
  jest.restoreAllMocks();
  system.alpha.script = {};
  system.beta.script = {};
  // The broker's clock and the library's are one outside of tests.
  system.clock.advance(Date.now() - system.clock.now());
});

type Raw = (request: IncomingMessage, response: ServerResponse) => void;
const json = { 'content-type': 'application/json' };
const drop: Raw = (request) => request.socket.destroy();
const silent: Raw = () => undefined;
const answer =
  (status: number, body: string, type = 'application/json'): Raw =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body);
/** One byte a second of an answer that would be good. */
const trickle: Raw = (_, response) => {
  response.writeHead(200, json).write('{');
  const timer = setInterval(() => response.write(' '), 1000);
  response.once('close', () => clearInterval(timer));
};
const everywhere = (raw: Raw): HostileIdp['script'] => ({ raw: { [discoveryPath]: raw, '/token': raw, '/jwks': raw } });

const press = ({ browser }: Begun, door = 'alpha') => browser.submit({}, { form: `/login/${door}` });
const lastOf = (event: string): string => String(linesOf(system).findLast((line) => line.event === event)?.['reason']);

/** The same tab, once the identity provider is itself again. */
async function goesOn(begun: Begun): Promise<void> {
  system.alpha.script = {};
  const page = await press(begun);
  expect({ path: page.url.pathname, known: page.body.includes('Ana Anders') }).toEqual({ path: begun.path, known: true });
}

/** Through a scripted identity provider to tokens. */
async function signedIn(door: 'alpha' | 'beta' = 'alpha'): Promise<SignedIn> {
  if (door === 'alpha') system.alpha.script = { tokenResponse: (body) => ({ ...body, refresh_token: 'CNRYupstream' }) };
  const begun = await beginConsent(system, { door });
  system.alpha.script = {};
  const { location } = await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
  const code = location?.searchParams.get('code') ?? '';
  const { client, pkce } = begun;
  const response = await redeem(system, {
    client_id: client.client_id,
    code,
    code_verifier: pkce.code_verifier,
    redirect_uri: client.redirect_uri,
  });
  expect(response.status).toBe(200);
  return { client, pkce, code, tokens: (await response.json()) as Tokens };
}

async function renewed(who: SignedIn): Promise<{ status: number; error: string | undefined; who: SignedIn }> {
  const response = await refresh(system, who.client, who.tokens.refresh_token);
  const body = (await response.json()) as Tokens & { error?: string };
  return { status: response.status, error: body.error, who: response.status === 200 ? { ...who, tokens: body } : who };
}

const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;

describe('an identity provider that is away while apps renew their tokens', () => {
  const outages: [string, Raw][] = [
    ['drops every connection [F13]', drop],
    ['answers 500 [F14]', answer(500, '{"error":"server_error"}')],
    ['answers a page [F14]', answer(200, '<h1>maintenance</h1>', 'text/html')],
  ];
  it.each(outages)('%s: nobody is logged out, and without recheck nobody even notices', async (_, raw) => {
    const [asked, unasked, demo] = [await signedIn('alpha'), await signedIn('beta'), await login(system, { login: 'alice' })];
    system.alpha.script = everywhere(raw);
    system.beta.script = everywhere(raw);
    const seen = system.beta.requests.length;
    system.clock.advance(16 * minute);
    const [one, two, three] = [await renewed(asked), await renewed(unasked), await renewed(demo)];
    expect([one.status, two.status, three.status]).toEqual([200, 200, 200]);
    expect(system.beta.requests).toHaveLength(seen);
    expect(lastOf('upstream.unanswered')).toMatch(/^recheck: /);
    expect([await works(one.who), await works(two.who)]).toEqual([200, 200]);
    // Beyond the grace it is a matter of waiting, still not of a new sign-in.
    system.clock.advance(61 * minute);
    const late = await renewed(one.who);
    expect([late.status, late.error]).toEqual([503, 'temporarily_unavailable']);
    expect((await renewed(two.who)).status).toBe(200);
    expect((await renewed(three.who)).status).toBe(200);
    system.alpha.script = { raw: { '/token': answer(200, '{"access_token":"CNRYa","token_type":"Bearer","expires_in":300}') } };
    system.clock.advance(minute);
    const back = await renewed(late.who);
    expect([back.status, await works(back.who)]).toEqual([200, 200]);
  });

  it.each<[string, Raw]>([
    ['hangs [F14]', silent],
    ['sends one byte a second [F14]', trickle],
  ])(
    '%s: a renewal waits seconds, one of another connection does not',
    async (_, raw) => {
      const [asked, unasked] = [await signedIn('alpha'), await signedIn('beta')];
      system.alpha.script = everywhere(raw);
      system.clock.advance(16 * minute);
      const from = performance.now();
      const slow = renewed(asked);
      expect((await renewed(unasked)).status).toBe(200);
      expect(performance.now() - from).toBeLessThan(3000);
      expect((await slow).status).toBe(200);
      expect(performance.now() - from).toBeLessThan(10_000);
    },
    20_000,
  );
});

describe('an identity provider that sends one byte a second', () => {
  it.each([['/token'], ['/jwks'], [discoveryPath]])(
    'at %s: one door waits, within ten seconds, and the tab goes on [F14]',
    async (path) => {
      const cold = await startWithTwoIdps();
      const warm = system;
      system = cold;
      try {
        const begun = await begin(system);
        system.alpha.script = { raw: { [path]: trickle } };
        const from = performance.now();
        const pressed = press(begun);
        await beginConsent(system, { door: 'beta' });
        expect(performance.now() - from).toBeLessThan(4500);
        const page = await pressed;
        expect(performance.now() - from).toBeLessThan(10_000);
        expect(page.url.pathname).toBe(begun.path);
        expect(wordsOf(page.body)).toContain('is not answering');
        expect(await countOf(system, grants)).toBe(0);
        system.clock.advance(5001);
        await goesOn(begun);
      } finally {
        system = warm;
        await cold.close();
      }
    },
    30_000,
  );
});

describe('a token endpoint that answers twice', () => {
  it('or after we gave up: the answer of then is of no use to anybody, and a new trip has a code of its own [F15]', async () => {
    const begun = await begin(system);
    const answers: URLSearchParams[] = [];
    const noted = { answer: (parameters: URLSearchParams) => void answers.push(new URLSearchParams(parameters)) };
    system.alpha.script = { ...noted, raw: { '/token': drop } };
    const before = await countOf(system, identities);
    expect(wordsOf((await press(begun)).body)).toContain('is not answering');
    const exchanges = system.alpha.count('/token');
    system.alpha.script = noted;
    // The same address once more, from the history of the browser.
    const replayed = await begun.browser.get(`${system.issuer}/callback/alpha?${String(answers[0])}`);
    expect(replayed.body).not.toContain('Ana Anders');
    expect([system.alpha.count('/token'), await countOf(system, identities)]).toEqual([exchanges, before]);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect((await press(begun)).body).toContain('Ana Anders');
    expect([exchanges + 1, 2]).toEqual([system.alpha.count('/token'), new Set(answers.map((each) => each.get('code'))).size]);
  });
});

describe('keys', () => {
  const computer = Date.now;
  let ahead = 0;
  const later = (ms: number): void => {
    ahead += ms;
    jest.spyOn(Date, 'now').mockImplementation(() => computer() + ahead);
  };
  afterAll(() => {
    ahead = 0;
  });

  it('that change with an overlap end no sign-in, before, during and after [F16]', async () => {
    await goesOn(await begin(system));
    const [old, next] = [system.alpha.key, await makeSigningKey('ES256')];
    const both = { jwks: () => ({ keys: [old.publicJwk, next.publicJwk] }) };
    for (const script of [both, { ...both, signWith: next }, { jwks: () => ({ keys: [next.publicJwk] }), signWith: next }]) {
      later(2 * minute);
      system.alpha.script = script;
      expect((await press(await begin(system))).body).toContain('Ana Anders');
    }
    later(6 * minute);
    system.alpha.script = { jwks: () => ({ keys: [next.publicJwk] }) };
    expectStopped(system, await press(await begin(system)), 'sign-in-untrustworthy', /login: /);
  });

  it.each<[string, Raw]>([
    ['none', answer(200, '{"keys":[]}')],
    ['a page with status 200', answer(200, '<html>', 'text/html')],
    ['half a set', answer(200, '{"keys":[{"kty":"EC"')],
    ['no list', answer(200, '{"keys":{}}')],
  ])(
    'of which there are %s: those from before serve for five minutes, then nobody is signed in, until there are some [F17]',
    async (what, raw) => {
      later(6 * minute);
      await goesOn(await begin(system));
      system.alpha.script = { raw: { '/jwks': raw } };
      later(3 * minute);
      expect((await press(await begin(system))).body).toContain('Ana Anders');
      const before = await countOf(system, identities);
      later(3 * minute);
      const begun = await begin(system);
      const page = await press(begun);
      expect({ what, signedIn: page.body.includes('Ana Anders') }).toEqual({ what, signedIn: false });
      expect(await countOf(system, identities)).toBe(before);
      // Nor by a key of somebody's own.
      later(2 * minute);
      system.alpha.script = { raw: { '/jwks': raw }, signWith: await makeSigningKey('ES256') };
      expect((await press(await begin(system))).body).not.toContain('Ana Anders');
      await beginConsent(system, { door: 'beta' });
      later(2 * minute);
      await goesOn(await begin(system));
    },
  );
});

describe('a document that says it is another’s', () => {
  it('from the start: nobody is sent anywhere, the log says why, the other doors are open [F18]', async () => {
    const cold = await startWithTwoIdps();
    const warm = system;
    system = cold;
    try {
      system.alpha.script = { discovery: (document) => ({ ...document, issuer: `${system.alpha.issuer}/other` }) };
      const begun = await begin(system);
      await press(begun);
      expect([system.alpha.count('/authorize'), system.alpha.count('/token')]).toEqual([0, 0]);
      expect(linesOf(system).some(({ reason }) => /^(sign-in-untrustworthy: )?discovery: /.test(String(reason)))).toBe(true);
      await beginConsent(system, { door: 'beta' });
    } finally {
      system = warm;
      await cold.close();
    }
  });
});

describe('clocks that differ', () => {
  const seconds = () => Math.floor(system.clock.now() / 1000);
  const offBy = (skew: number): HostileIdp['script'] => ({
    claims: (claims) => ({ ...claims, iat: seconds() + skew, nbf: seconds() + skew, exp: seconds() + skew + 300 }),
  });

  it.each([
    [-365, false],
    [-355, true],
    [-300, true],
    [55, true],
    [65, false],
  ])('by %i seconds: a token is taken within a minute of its life and not beyond (%s) [F19]', async (skew, taken) => {
    system.alpha.script = offBy(skew);
    const page = await press(await begin(system));
    expect(page.body.includes('Ana Anders')).toBe(taken);
  });

  it.each([
    ['ahead', 300],
    ['behind', -600],
  ])('by five minutes %s: the sign-in stops with the reason for the log alone, and another door is open [F19]', async (_, skew) => {
    system.alpha.script = offBy(skew);
    const before = await countOf(system, identities);
    expectStopped(system, await press(await begin(system)), 'sign-in-untrustworthy', /login: |ID token: /);
    expect(await countOf(system, identities)).toBe(before);
    await beginConsent(system, { door: 'beta' });
    await goesOn(await begin(system));
  });

  it('never lengthen a token of ours: its life is counted from our own clock [F19]', async () => {
    system.alpha.script = offBy(50);
    const { tokens } = await signedIn('beta');
    const { iat, exp } = claimsOf(tokens.access_token) as { iat: number; exp: number };
    expect(Math.abs(iat - seconds())).toBeLessThanOrEqual(2);
    expect([exp - iat, tokens.expires_in]).toEqual([3600, 3600]);
  });
});
