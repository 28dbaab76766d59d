import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { grants, identities, transactions, users } from '../../src/stores/collections.ts';
import type { Browser } from '../support/browser.ts';
import { wordsOf } from '../support/browser.ts';
import { base64url, makeSigningKey, signToken } from '../support/hostile-idp.ts';
import type { Script, SigningKey } from '../support/hostile-idp.ts';
import { answerOf, begin, beginConsent, careful, expectStopped, linesOf, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { countOf, kindOf } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
  system.beta.script = {};
});

/** What a failed sign-in must not have changed. */
const made = async () => ({
  identities: await countOf(system, identities),
  users: await countOf(system, users),
  grants: await countOf(system, grants),
});

const stageOf = async (id: string): Promise<unknown> =>
  ((await system.engine.get(transactions, id))?.['stage'] as { at?: unknown } | undefined)?.at;

const tokenCalls = (): number => system.alpha.count('/token') + system.beta.count('/token');

const begun = (): Promise<Begun> => begin(system, { beforeCallback: true });

/** The answer goes to the browser that began and ends at the consent page: the same steps without anything wrong. */
async function succeeds(attempt: Begun, answer: URL): Promise<void> {
  const page = await attempt.browser.get(answer);
  expect(page.url.href).toBe(`${system.issuer}${attempt.path}`);
  expect(page.body).toContain('Ana Anders');
}

describe('an answer in the wrong browser', () => {
  const strangers: [string, (attempt: Begun) => Browser | Promise<Browser>][] = [
    ['without any cookie', () => careful(system)],
    ['with the cookie of another browser', async () => (await begin(system)).browser],
  ];
  it.each(strangers)('%s is refused, ends the attempt, and reaches no identity provider [W44] [W80]', async (_, stranger) => {
    const [before, calls] = [await made(), tokenCalls()];
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const page = await (await stranger(attempt)).get(answer);
    expect(page.status).toBe(403);
    expectStopped(system, page, 'other-browser', /belongs to another browser/);
    expect(tokenCalls()).toBe(calls);
    // Burned: the rightful browser cannot go on with it either.
    expect(await stageOf(attempt.id)).toBe('stopped');
    expectStopped(system, await attempt.browser.get(answer), 'expired', /not the one that was waited for/);
    expect(tokenCalls()).toBe(calls);
    expect(await made()).toEqual(before);
    const again = await begun();
    await succeeds(again, await answerOf(again));
  });

  const cookie = (attempt: Begun): string => attempt.browser.cookies(system.issuer).get('drawbridge') ?? '';
  const spoiled: [string, (value: string) => string][] = [
    ['there twice', (value) => `drawbridge=${value}; drawbridge=${value}`],
    ['there twice, a planted one first', (value) => `drawbridge=${'A'.repeat(43)}; drawbridge=${value}`],
    ['cut short', (value) => `drawbridge=${value.slice(0, 42)}`],
    ['in quotes', (value) => `drawbridge="${value}"`],
    ['of another name', (value) => `Drawbridge=${value}`],
    ['percent-encoded', (value) => `drawbridge=%${value.charCodeAt(0).toString(16)}${value.slice(1)}`],
    ['an operator', () => 'drawbridge[$ne]=x'],
  ];
  it.each(spoiled)('a cookie that is %s counts as none [W44] [W103]', async (_, spoil) => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const calls = tokenCalls();
    const response = await fetch(answer, { redirect: 'manual', headers: { Cookie: spoil(cookie(attempt)) } });
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(tokenCalls()).toBe(calls);
  });

  it('the same cookie whole and beside strangers passes, so it was the spoiling that was refused', async () => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const response = await fetch(answer, { redirect: 'manual', headers: { Cookie: `a=1; drawbridge=${cookie(attempt)}; b="2"` } });
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({ status: 303, location: attempt.path });
  });
});

describe('an answer that comes again or never was due', () => {
  it('is taken once of two at the same moment and never later [W79] [W53]', async () => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const calls = tokenCalls();
    const headers = { Cookie: `drawbridge=${attempt.browser.cookies(system.issuer).get('drawbridge') ?? ''}` };
    const pages = await Promise.all(Array.from({ length: 20 }, () => fetch(answer, { redirect: 'manual', headers })));
    const statuses = pages.map(({ status }) => status);
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    expect(statuses.filter((status) => status === 410 || status === 403)).toHaveLength(19);
    expect(tokenCalls()).toBe(calls + 1);
    // The replays took nothing away from the browser that got the answer in: it is at the consent page, with a cookie of its own.
    const won =
      pages
        .find(({ status }) => status === 303)
        ?.headers.getSetCookie()[0]
        ?.split(';')[0] ?? '';
    const mine = { headers: { Cookie: `${headers.Cookie}; ${won}` }, redirect: 'manual' } as const;
    const replayed = await fetch(answer, mine);
    expect({ status: replayed.status, kind: kindOf(await replayed.text()) }).toEqual({ status: 410, kind: 'expired' });
    expect(tokenCalls()).toBe(calls + 1);
    const page = await fetch(`${system.issuer}${attempt.path}`, mine);
    expect(await page.text()).toContain('Ana Anders');
  });

  it('is refused when no sign-in was begun, and before a door was pressed [W83]', async () => {
    const attempt = await begun();
    const calls = tokenCalls();
    for (const state of [`${attempt.id}.${'A'.repeat(43)}`, attempt.id, `${attempt.id}.`, `${'A'.repeat(22)}.${'A'.repeat(43)}`]) {
      const page = await attempt.browser.get(`${system.issuer}/callback/alpha?code=x&state=${state}&iss=${system.alpha.issuer}`);
      expect({ state, status: page.status }).toEqual({ state, status: 410 });
    }
    expect(await stageOf(attempt.id)).toBe('choosing');
    expect(tokenCalls()).toBe(calls);
  });

  it('of a door that was pressed twice in one moment is one answer, good once [W79]', async () => {
    const attempt = await begun();
    const first = await answerOf(attempt);
    await attempt.browser.get(`${system.issuer}${attempt.path}`);
    const second = await answerOf(attempt);
    const stateOf = (answer: string | URL) => new URL(answer).searchParams.get('state');
    expect(stateOf(second)).toBe(stateOf(first));
    await succeeds(attempt, first);
    expectStopped(system, await attempt.browser.get(second), 'expired', /not the one that was waited for/);
  });

  it('belongs to the latest trip only [W79]', async () => {
    const attempt = await begun();
    const first = await answerOf(attempt);
    system.clock.advance(3_000);
    await attempt.browser.get(`${system.issuer}${attempt.path}`);
    const second = await answerOf(attempt);
    expectStopped(system, await attempt.browser.get(first), 'expired', /not the one that was waited for/);
    await succeeds(attempt, second);
  });

  it('is refused after ten minutes, computed by our clock [W184]', async () => {
    const [attempt, other] = [await begun(), await begun()];
    const [answer, calls] = [await answerOf(attempt), tokenCalls()];
    system.clock.advance(9 * 60_000);
    await succeeds(other, await answerOf(other));
    system.clock.advance(61_000);
    expect(await system.engine.get(transactions, attempt.id)).not.toBeNull();
    expectStopped(system, await attempt.browser.get(answer), 'expired', /unknown or expired/);
    expect(tokenCalls()).toBe(calls + 1);
  });
});

describe('answers mixed up between identity providers', () => {
  const iss = (value: string) => (answer: URL) => answer.searchParams.set('iss', value);
  const rows: [string, string, (answer: URL) => void, 'expired' | 'sign-in-untrustworthy'][] = [
    ["with the other one's iss", '/callback/alpha', (answer) => iss(system.beta.issuer)(answer), 'sign-in-untrustworthy'],
    ['with an iss that differs by a slash', '/callback/alpha', (answer) => iss(`${system.alpha.issuer}/`)(answer), 'sign-in-untrustworthy'],
    ['without the iss it promises', '/callback/alpha', (answer) => answer.searchParams.delete('iss'), 'sign-in-untrustworthy'],
    ['with two iss', '/callback/alpha', (answer) => answer.searchParams.append('iss', system.alpha.issuer), 'sign-in-untrustworthy'],
    ["at the other one's callback [Q-ANY-11]", '/callback/beta', () => null, 'expired'],
    ["at the other one's callback with its iss [Q-ANY-11]", '/callback/beta', (answer) => iss(system.beta.issuer)(answer), 'expired'],
  ];
  it.each(rows)('%s: refused before any token request [W47] [S4.02] [S3.10]', async (_, path, change, kind) => {
    const before = await made();
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const calls = tokenCalls();
    answer.pathname = path;
    change(answer);
    const page = await attempt.browser.get(answer);
    expectStopped(system, page, kind, kind === 'expired' ? /not the one/ : /iss/i);
    expect(tokenCalls()).toBe(calls);
    expect(await made()).toEqual(before);
  });

  it("a code of the other one under our state is never exchanged for the other's person [W47] [S3.10]", async () => {
    const [mine, theirs] = [await begun(), await begun()];
    const stolen = (await answerOf(theirs, 'beta')).searchParams.get('code') ?? '';
    const [answer, calls] = [await answerOf(mine), system.beta.count('/token')];
    answer.searchParams.set('code', stolen);
    expectStopped(system, await mine.browser.get(answer), 'sign-in-untrustworthy', /invalid_grant/);
    expect(system.beta.count('/token')).toBe(calls);
  });

  it('a callback of no connection is a page that is not there [W59]', async () => {
    const page = await (await begun()).browser.get(`${system.issuer}/callback/gamma?code=x&state=y`);
    expect(page.status).toBe(404);
    expectStopped(system, page, 'not-found', /unknown connection/);
  });
});

describe('what else may stand in an answer', () => {
  it('an error ends the trip, its text is dropped, and error beside code is an error [W48] [S3.14]', async () => {
    const poison = '<script>alert(1)</script>\r\nX-Injected: 1';
    for (const withCode of [false, true]) {
      const attempt = await begun();
      const answer = await answerOf(attempt);
      const calls = tokenCalls();
      if (!withCode) answer.searchParams.delete('code');
      answer.searchParams.set('error', 'access_denied');
      answer.searchParams.set('error_description', poison);
      const page = await attempt.browser.get(answer);
      expect({ url: page.url.pathname, status: page.status }).toEqual({ url: attempt.path, status: 200 });
      expect(page.body).toContain('The sign-in was not finished');
      expect(page.body).not.toContain('alert(1)');
      expect(page.headers.get('x-injected')).toBeNull();
      expect(system.lines.join('\n')).not.toContain('alert(1)');
      expect(tokenCalls()).toBe(calls);
      expect(await stageOf(attempt.id)).toBe('choosing');
      // Nobody is stranded: the same tab can sign in after all.
      await succeeds(attempt, await answerOf(attempt));
    }
  });

  it('an error under a wrong iss is not believed [S4.02] [Q-LIB-06]', async () => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    answer.search = new URLSearchParams({
      error: 'access_denied',
      state: answer.searchParams.get('state') ?? '',
      iss: system.beta.issuer,
    }).toString();
    expectStopped(system, await attempt.browser.get(answer), 'sign-in-untrustworthy', /iss/i);
  });

  const bent: [string, (answer: URL) => void, number][] = [
    ['state twice', (answer) => answer.searchParams.append('state', answer.searchParams.get('state') ?? ''), 400],
    ['state missing', (answer) => answer.searchParams.delete('state'), 400],
    ['state empty', (answer) => answer.searchParams.set('state', ''), 400],
    ['state an array', (answer) => rename(answer, 'state', 'state[]'), 400],
    ['state an operator', (answer) => rename(answer, 'state', 'state[$ne]'), 400],
    [
      'state of another secret',
      (answer) => answer.searchParams.set('state', `${answer.searchParams.get('state')?.slice(0, -1) ?? ''}?`),
      410,
    ],
    ['code twice', (answer) => answer.searchParams.append('code', 'x'), 502],
    ['code missing', (answer) => answer.searchParams.delete('code'), 502],
    ['20 000 characters more', (answer) => answer.searchParams.set('more', 'x'.repeat(20_000)), 431],
  ];
  function rename(answer: URL, from: string, to: string): void {
    answer.searchParams.set(to, answer.searchParams.get(from) ?? '');
    answer.searchParams.delete(from);
  }
  it.each(bent)('%s: refused without a token request [W48] [W11] [W167]', async (_, bend, status) => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const calls = tokenCalls();
    bend(answer);
    const page = await attempt.browser.get(answer);
    expect({ status: page.status, location: page.location }).toEqual({ status, location: null });
    expect(tokenCalls()).toBe(calls);
  });

  it('the target never comes from the answer, and a posted answer is none [W48] [W59]', async () => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const posted = await attempt.browser.post(`${system.issuer}/callback/alpha`, answer.searchParams);
    expect(posted.status).toBe(404);
    answer.searchParams.set('redirect_uri', 'https://evil.test/cb');
    answer.searchParams.set('returnTo', '//evil.test');
    await succeeds(attempt, answer);
    const page = await attempt.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    expect(page.location?.href.startsWith(attempt.client.redirect_uri)).toBe(true);
  });
});

describe('an ID token that does not hold', () => {
  let foreign: SigningKey;
  let rsa: SigningKey;
  beforeAll(async () => {
    [foreign, rsa] = await Promise.all([makeSigningKey('ES256'), makeSigningKey('RS256')]);
  });
  const claims =
    (change: Record<string, unknown>): NonNullable<Script['claims']> =>
    (honest) => ({ ...honest, ...change });
  const unsecured = (token: string, alg: string): string => `${base64url({ alg })}.${token.split('.')[1] ?? ''}.`;
  const symmetric = (all: Record<string, unknown>, header: Record<string, unknown>, key: string): string => {
    const signed = `${base64url(header)}.${base64url(all)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const seconds = (): number => Math.floor(system.clock.now() / 1000);

  const rows: [string, string, () => Script][] = [
    ['alg none', '[W49]', () => ({ idToken: (token) => unsecured(token, 'none') })],
    ['alg NoNe', '[W49]', () => ({ idToken: (token) => unsecured(token, 'NoNe') })],
    [
      'HS256 under our client secret',
      '[W49]',
      () => ({
        idToken: (_, all) => symmetric(all, { alg: 'HS256' }, system.alpha.client_secret ?? ''),
      }),
    ],
    [
      'HS256 under its own public key',
      '[W49]',
      () => ({
        idToken: (_, all) => symmetric(all, { alg: 'HS256', kid: system.alpha.key.kid }, JSON.stringify(system.alpha.key.publicJwk)),
      }),
    ],
    ['a key nobody published', '[W49]', () => ({ signWith: foreign })],
    ["a foreign key under the published key's name", '[W49]', () => ({ signWith: { ...foreign, kid: system.alpha.key.kid } })],
    ['RS256 under the name of the ES256 key', '[W49]', () => ({ signWith: { ...rsa, kid: system.alpha.key.kid } })],
    ['an embedded key', '[W49]', () => ({ signWith: foreign, header: (header) => ({ ...header, jwk: foreign.publicJwk }) })],
    ["the other identity provider's key", '[W49]', () => ({ signWith: system.beta.key })],
    ["the other one's token, true in itself", '[W52]', () => ({ idToken: (_, all) => betaToken(all) })],
    ['another issuer', '[W52]', () => ({ claims: claims({ iss: system.beta.issuer }) })],
    ['an issuer with a slash more', '[W52]', () => ({ claims: claims({ iss: `${system.alpha.issuer}/` }) })],
    ['another audience', '[W52]', () => ({ claims: claims({ aud: 'somebody-else' }) })],
    ['no audience', '[W52]', () => ({ claims: claims({ aud: undefined }) })],
    ['several audiences and no azp', '[W52]', () => ({ claims: claims({ aud: ['drawbridge', 'somebody-else'] }) })],
    ['an azp that is not us', '[W52]', () => ({ claims: claims({ azp: 'somebody-else' }) })],
    ['a wrong nonce', '[W53]', () => ({ claims: claims({ nonce: 'A'.repeat(43) }) })],
    ['no nonce', '[W53]', () => ({ claims: claims({ nonce: undefined }) })],
    ['an exp that is past', '[W53]', () => ({ claims: claims({ exp: seconds() - 120 }) })],
    ['no exp', '[W53]', () => ({ claims: claims({ exp: undefined }) })],
    ['an exp in words', '[W53]', () => ({ claims: claims({ exp: String(seconds() + 300) }) })],
    ['an iat in the future', '[W53]', () => ({ claims: claims({ iat: seconds() + 600 }) })],
    ['no subject', '[W53]', () => ({ claims: claims({ sub: undefined }) })],
    ['an empty subject', '[W53]', () => ({ claims: claims({ sub: '' }) })],
    ['a subject that is an object', '[W53] [W167]', () => ({ claims: claims({ sub: { $ne: null } }) })],
    ['a subject of 300 characters', '[W53]', () => ({ claims: claims({ sub: 'x'.repeat(300) }) })],
    ['no token at all', '[W52]', () => ({ tokenResponse: (body) => ({ ...body, id_token: undefined }) })],
  ];
  const betaToken = (all: Record<string, unknown>): Promise<string> =>
    signToken({ ...all, iss: system.beta.issuer }, { alg: 'ES256', kid: system.beta.key.kid }, system.beta.key);

  it.each(rows)('%s: nobody is signed in, and the log says why %s', async (_, __, script) => {
    const before = await made();
    const attempt = await begun();
    system.alpha.script = script();
    const page = await attempt.browser.get(await answerOf(attempt));
    expect(page.status).toBe(502);
    expectStopped(system, page, 'sign-in-untrustworthy', /^sign-in-untrustworthy: (login|ID token): /);
    expect(wordsOf(page.body)).toContain('The answer we got from Alpha did not pass our checks');
    expect(await made()).toEqual(before);
    // The transaction is over: the page cannot be got round by going back.
    expect(await stageOf(attempt.id)).toBe('stopped');
    const back = await attempt.browser.get(`${system.issuer}${attempt.path}`);
    expect(back.forms).toEqual([]);
  });

  it('an honest one signs in, so it was each defect that was refused', async () => {
    const attempt = await begun();
    await succeeds(attempt, await answerOf(attempt));
    expect((await rowsOf(system, identities)).filter((row) => row['connectionId'] === 'alpha')).toHaveLength(1);
    expect(linesOf(system).filter(({ event }) => event === 'login.untrustworthy').length).toBeGreaterThanOrEqual(rows.length);
  });
});

describe('what we say upstream', () => {
  it('has a challenge, a nonce and a state of its own each time, the one callback, and nothing of the client [W55] [S2.01] [S2.04] [Q-LIB-15]', async () => {
    const trips = [];
    for (let round = 0; round < 2; round += 1) {
      await beginConsent(system, { changes: { state: 'CLIENTSTATE', login_hint: 'ana@corp.example' } });
      trips.push(system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query ?? new URLSearchParams());
    }
    for (const query of trips) {
      expect(query.get('redirect_uri')).toBe(`${system.issuer}/callback/alpha`);
      expect(query.get('code_challenge_method')).toBe('S256');
      expect(query.get('code_challenge')).toMatch(/^[\w-]{43}$/);
      expect(query.get('nonce')).toMatch(/^[\w-]{43}$/);
      expect(query.get('state')).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
      expect(query.get('login_hint')).toBe('ana@corp.example');
      expect(query.toString()).not.toContain('CLIENTSTATE');
    }
    for (const name of ['code_challenge', 'nonce', 'state']) expect(trips[0]?.get(name)).not.toBe(trips[1]?.get(name));
    const exchange = system.alpha.requests.findLast(({ path }) => path === '/token');
    expect(new URLSearchParams(exchange?.body).get('code_verifier')).toMatch(/^[\w-]{43}$/);
    expect(exchange?.headers.authorization).toMatch(/^Basic /);
    expect(exchange?.headers.cookie).toBeUndefined();
  });

  it('and our own callback leaves no code in the address bar: straight on to a clean address [W173]', async () => {
    const attempt = await begun();
    const answer = await answerOf(attempt);
    const cookie = [...attempt.browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(answer, { redirect: 'manual', headers: { Cookie: cookie } });
    expect({ status: response.status, location: response.headers.get('location'), body: await response.text() }).toEqual({
      status: 303,
      location: attempt.path,
      body: '',
    });
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});
