import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { grants, identities } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import { login } from '../support/client.ts';
import { makeSigningKey } from '../support/hostile-idp.ts';
import { begin, beginConsent, expectStopped, linesOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  jest.restoreAllMocks();
  system.alpha.script = {};
});

type Raw = (request: IncomingMessage, response: ServerResponse) => void;
const drop: Raw = (request) => request.socket.destroy();
const status =
  (code: number, type = 'application/json', body = '{"error":"server_error"}'): Raw =>
  (_, response) =>
    void response.writeHead(code, { 'content-type': type }).end(body);

const discoveryPath = '/.well-known/openid-configuration';
const press = ({ browser }: Begun) => browser.submit({}, { form: '/login/alpha' });
const lastOf = (event: string): unknown => linesOf(system).findLast((line) => line.event === event)?.['reason'];

/** The same tab, once the identity provider is itself again. */
async function goesOn(begun: Begun): Promise<void> {
  system.alpha.script = {};
  const page = await press(begun);
  expect(page.url.pathname).toBe(begun.path);
  expect(page.body).toContain('Ana Anders');
}

describe('an identity provider that is down', () => {
  it('when we start stops nobody else, and is found again without a restart [F13]', async () => {
    system.alpha.script = { raw: { [discoveryPath]: drop } };
    const begun = await begin(system);
    const page = await press(begun);
    expect({ status: page.status, path: page.url.pathname }).toEqual({ status: 200, path: begun.path });
    expect(wordsOf(page.body)).toContain('is not answering');
    expect(lastOf('login.unreachable')).toMatch(/^discovery: /);
    expect(system.alpha.count('/authorize')).toBe(0);
    await beginConsent(system, { door: 'beta' });
    await login(system, { login: 'alice', scope: ['read'] });
    // Asked again after a pause, not at every press.
    const asked = system.alpha.count(discoveryPath);
    await press(begun);
    expect(system.alpha.count(discoveryPath)).toBe(asked);
    system.clock.advance(5001);
    await goesOn(begun);
  });

  const failures: [string, Raw, RegExp][] = [
    ['drops the connection', drop, /ECONNRESET|socket|no answer|UND_ERR/],
    ['answers 500', status(500), /status 500/],
    ['answers 503 with a page', status(503, 'text/html', '<h1>sorry</h1>'), /503/],
    ['answers 429', status(429, 'application/json', '{"error":"slow_down"}'), /slow_down/],
  ];
  it.each(failures)('at the exchange (%s): the tab is kept and can try again [F14]', async (_, raw, reason) => {
    const begun = await begin(system);
    const before = await countOf(system, identities);
    system.alpha.script = { raw: { '/token': raw } };
    const page = await press(begun);
    expect({ status: page.status, path: page.url.pathname }).toEqual({ status: 200, path: begun.path });
    expect(wordsOf(page.body)).toContain('is not answering');
    expect(page.body).not.toContain('sorry');
    expect(lastOf('login.unreachable')).toMatch(reason);
    await goesOn(begun);
    expect(await countOf(system, identities)).toBeGreaterThanOrEqual(before);
  });

  const garbage: [string, Raw][] = [
    ['a page', status(200, 'text/html', '<html>')],
    ['half a JSON document', status(200, 'application/json', '{"access_token":"x",')],
    ['an empty object', status(200, 'application/json', '{}')],
    ['half a megabyte', status(200, 'application/json', `{"a":"${'x'.repeat(500_000)}"}`)],
  ];
  it.each(garbage)('whose token answer is %s signs nobody in, and a new attempt works [F14]', async (_, raw) => {
    const begun = await begin(system);
    const before = await countOf(system, grants);
    system.alpha.script = { raw: { '/token': raw } };
    const page = await press(begun);
    expect(page.forms.some(({ action }) => action.pathname.endsWith('/consent'))).toBe(false);
    expect(await countOf(system, grants)).toBe(before);
    await goesOn(await begin(system));
  });

  it('or hangs: the person waits seconds, other doors do not, and a late answer changes nothing [F14] [F15]', async () => {
    const begun = await begin(system);
    const held: ServerResponse[] = [];
    system.alpha.script = { raw: { '/token': (_, response) => void held.push(response) } };
    const [from, pressed] = [Date.now(), press(begun)];
    await beginConsent(system, { door: 'beta' });
    await login(system, { login: 'erin', scope: ['read'] });
    expect(Date.now() - from).toBeLessThan(4500);
    const page = await pressed;
    expect(Date.now() - from).toBeLessThan(10_000);
    expect(wordsOf(page.body)).toContain('is not answering');
    expect(lastOf('login.unreachable')).toMatch(/timed out|TIMEOUT/i);
    for (const response of held) status(200, 'application/json', '{"access_token":"late","token_type":"Bearer"}')(response.req, response);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(begun.browser.form('/login/alpha').method).toBe('POST');
    await goesOn(begun);
  }, 20_000);
});

describe('an identity provider that says it is another', () => {
  it('is not followed there: what is known is used for a day, then nobody is sent to it [F18] [W56]', async () => {
    system.alpha.script = {
      discovery: (document) => ({ ...document, issuer: system.beta.issuer, token_endpoint: `${system.beta.issuer}/token` }),
    };
    const tokens = system.beta.count('/token');
    system.clock.advance(2 * 3600_000);
    await beginConsent(system);
    system.clock.advance(25 * 3600_000);
    const begun = await begin(system);
    const asked = system.alpha.count('/authorize');
    const page = await press(begun);
    expect(page.url.pathname).toBe(begun.path);
    expect(wordsOf(page.body)).toContain('is not answering');
    expect(lastOf('login.unreachable')).toMatch(/discovery: /);
    expect(system.alpha.count('/authorize')).toBe(asked);
    expect(system.beta.count('/token')).toBe(tokens);
    system.clock.advance(5001);
    await goesOn(begun);
  });
});

describe('keys of an identity provider', () => {
  // The broker's clock and the library's are one outside of tests.
  beforeAll(() => system.clock.advance(Date.now() - system.clock.now()));

  /** The key sets are held by a library that reads the computer's clock; time only ever goes on. */
  const computer = Date.now;
  const later = (seconds: number): void => void jest.spyOn(Date, 'now').mockImplementation(() => computer() + seconds * 1000);

  it('that change are learned from the first token that needs them, and the old ones are worth nothing afterwards [F16] [W51]', async () => {
    await goesOn(await begin(system));
    const next = await makeSigningKey('ES256');
    const rotated = { jwks: () => ({ keys: [next.publicJwk] }), signWith: next };
    later(120);
    system.alpha.script = rotated;
    const asked = system.alpha.count('/jwks');
    const attempts = await Promise.all(Array.from({ length: 5 }, () => begin(system)));
    const pages = await Promise.all(attempts.map(press));
    expect(pages.map(({ body }) => body.includes('Ana Anders'))).toEqual(Array<boolean>(5).fill(true));
    expect(system.alpha.count('/jwks')).toBe(asked + 1);
    system.alpha.script = { jwks: rotated.jwks };
    expectStopped(system, await press(await begin(system)), 'sign-in-untrustworthy', /login: /);
  });

  it('that cannot be had when a new one appears fail closed and are asked for again later [F17]', async () => {
    const next = await makeSigningKey('ES256');
    later(240);
    system.alpha.script = { signWith: next, raw: { '/jwks': status(500) } };
    const page = await press(await begin(system));
    expect(page.forms.some(({ action }) => action.pathname.endsWith('/consent'))).toBe(false);
    later(600);
    system.alpha.script = { signWith: next, jwks: () => ({ keys: [next.publicJwk] }) };
    expect((await press(await begin(system))).body).toContain('Ana Anders');
  });
});
