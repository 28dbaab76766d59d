/** An identity provider that fails while people sign in and apps renew, over the whole broker; what it does at one exchange is in login-outage. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { grants, identities } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import { callTool, login, refresh } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { makeSigningKey, signToken } from '../support/hostile-idp.ts';
import { begin, beginConsent, expectStopped, finishConsent, goesOn, linesOf, pressDoor, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
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

const lastOf = (event: string): string => String(linesOf(system).findLast((line) => line.event === event)?.['reason']);

/** Through a scripted identity provider to tokens. */
async function signedIn(door: 'alpha' | 'beta' = 'alpha'): Promise<SignedIn> {
  if (door === 'alpha') system.alpha.script = { tokenResponse: (body) => ({ ...body, refresh_token: 'CNRYupstream' }) };
  const begun = await beginConsent(system, { door });
  system.alpha.script = {};
  return finishConsent(system, begun);
}

async function renewed(who: SignedIn): Promise<{ status: number; error: string | undefined; who: SignedIn }> {
  const response = await refresh(system, who.client, who.tokens.refresh_token);
  const body = (await response.json()) as Tokens & { error?: string };
  return { status: response.status, error: body.error, who: response.status === 200 ? { ...who, tokens: body } : who };
}

/** What Alpha answers to a refresh when it is itself again. */
async function stillThere(): Promise<string> {
  const { issuer: iss, client_id: aud, key } = system.alpha;
  const iat = Math.floor(system.clock.now() / 1000);
  const claims = { iss, aud, sub: 'person-1', iat, exp: iat + 300, groups: ['eng'] };
  const id_token = await signToken(claims, { alg: key.alg, kid: key.kid }, key);
  return JSON.stringify({ access_token: 'CNRYa', token_type: 'Bearer', expires_in: 300, id_token });
}

const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;

describe('an identity provider that is away while apps renew their tokens', () => {
  const outages: [string, Raw][] = [
    ['drops every connection [F13]', drop],
    ['answers 500 [F14]', answer(500, '{"error":"server_error"}')],
    ['answers a page [F14]', answer(200, '<h1>maintenance</h1>', 'text/html')],
  ];
  it.each(outages)('%s: nobody is logged out, and without recheck nobody even notices [Q-LEAVE-04] [Q-LEAVE-10]', async (_, raw) => {
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
    system.clock.advance(minute);
    system.alpha.script = { raw: { '/token': answer(200, await stillThere()) } };
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
        const pressed = pressDoor(begun);
        await beginConsent(system, { door: 'beta' });
        expect(performance.now() - from).toBeLessThan(4500);
        const page = await pressed;
        expect(performance.now() - from).toBeLessThan(10_000);
        expect(page.url.pathname).toBe(begun.path);
        expect(wordsOf(page.body)).toContain('is not answering');
        expect(await countOf(system, grants)).toBe(0);
        system.clock.advance(5001);
        await goesOn(system, begun);
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
    expect(wordsOf((await pressDoor(begun)).body)).toContain('is not answering');
    const exchanges = system.alpha.count('/token');
    system.alpha.script = noted;
    // The same address once more, from the history of the browser.
    const replayed = await begun.browser.get(`${system.issuer}/callback/alpha?${String(answers[0])}`);
    expect(replayed.body).not.toContain('Ana Anders');
    expect([system.alpha.count('/token'), await countOf(system, identities)]).toEqual([exchanges, before]);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect((await pressDoor(begun)).body).toContain('Ana Anders');
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
    await goesOn(system, await begin(system));
    const [old, next] = [system.alpha.key, await makeSigningKey('ES256')];
    const both = { jwks: () => ({ keys: [old.publicJwk, next.publicJwk] }) };
    for (const script of [both, { ...both, signWith: next }, { jwks: () => ({ keys: [next.publicJwk] }), signWith: next }]) {
      later(2 * minute);
      system.alpha.script = script;
      expect((await pressDoor(await begin(system))).body).toContain('Ana Anders');
    }
    later(6 * minute);
    system.alpha.script = { jwks: () => ({ keys: [next.publicJwk] }) };
    expectStopped(system, await pressDoor(await begin(system)), 'sign-in-untrustworthy', /login: /);
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
      await goesOn(system, await begin(system));
      system.alpha.script = { raw: { '/jwks': raw } };
      later(3 * minute);
      expect((await pressDoor(await begin(system))).body).toContain('Ana Anders');
      const before = await countOf(system, identities);
      later(3 * minute);
      const begun = await begin(system);
      const page = await pressDoor(begun);
      expect({ what, signedIn: page.body.includes('Ana Anders') }).toEqual({ what, signedIn: false });
      expect(await countOf(system, identities)).toBe(before);
      // Nor by a key of somebody's own.
      later(2 * minute);
      system.alpha.script = { raw: { '/jwks': raw }, signWith: await makeSigningKey('ES256') };
      expect((await pressDoor(await begin(system))).body).not.toContain('Ana Anders');
      await beginConsent(system, { door: 'beta' });
      later(2 * minute);
      await goesOn(system, await begin(system));
    },
  );
});
