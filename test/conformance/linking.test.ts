import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compose } from '../../src/compose.ts';
import type { Config } from '../../src/config/schema.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { auditEvents, grants, identities } from '../../src/stores/collections.ts';
import { rolesNow } from '../support/roles-now.ts';
import { wordsOf } from '../support/browser.ts';
import { callTool, refresh } from '../support/client.ts';
import { hookEngine } from '../support/slow-engine.ts';
import { begin, beginConsent, careful, expectStopped, finishConsent, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { kindOf, raw } from '../support/wire.ts';

const configure = (config: Config): Config => ({ ...config, linking: true });
let latency = 0;
let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps({
    configure,
    wrapEngine: (engine) =>
      hookEngine(engine, async (_, when) => {
        if (when === 'before' && latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * latency));
      }),
  });
});
afterAll(() => system.close());
afterEach(() => {
  latency = 0;
  system.alpha.script = {};
  system.beta.script = {};
});

let people = 0;
const seconds = () => Math.floor(system.clock.now() / 1000);
type Claims = Record<string, unknown>;
/** Another Ana each time: one subject at both identity providers, one address, signed in just now, and no word of the other. */
function anotherAna(alpha: Claims = {}, beta: Claims = {}): string {
  const sub = `ana-${(people += 1)}`;
  system.alpha.script = { claims: (honest) => ({ ...honest, sub, auth_time: seconds(), ...alpha }) };
  system.beta.script = { claims: (honest) => ({ ...honest, sub, auth_time: seconds(), ...beta }) };
  return sub;
}
const userOf = async (connectionId: string, sub: string): Promise<string> =>
  String((await rowsOf(system, identities)).find((row) => row['connectionId'] === connectionId && row['subject'] === sub)?.['userId']);
const bothOf = async (sub: string) => [await userOf('alpha', sub), await userOf('beta', sub)] as const;
const linked = async () =>
  (await rowsOf(system, auditEvents)).map((row) => row['event'] as Claims).filter(({ event }) => event === 'identity.linked');
const words = ({ browser }: Begun) => wordsOf(browser.page.body);

/** Through Beta to the consent page, and the press that joins. */
async function pressLink(how: Parameters<typeof beginConsent>[1] = {}): Promise<Begun> {
  const begun = await beginConsent(system, { door: 'beta', ...how });
  await begun.browser.submit({}, { form: '/link' });
  return begun;
}
/** Up to the page that asks whether both are the same person. */
async function upToJoin(): Promise<Begun> {
  const begun = await pressLink();
  await begun.browser.submit({}, { form: '/login/alpha' });
  expect(words(begun)).toContain('Are both of these you?');
  return begun;
}

describe('a person with two accounts', () => {
  it('joins them after signing in to both, sees what it does, and goes on as one user [W64]', async () => {
    const sub = anotherAna();
    const usual = await finishConsent(system, await beginConsent(system, { door: 'alpha' }));
    const app = await finishConsent(system, await beginConsent(system, { door: 'beta' }));
    const [one, two] = await bothOf(sub);
    expect(one).not.toBe(two);

    const begun = await pressLink();
    expect(words(begun)).toContain('You are signed in as ana@corp.example with Beta');
    expect(begun.browser.page.forms.some(({ action }) => action.pathname === '/login/beta')).toBe(false);
    await begun.browser.submit({}, { form: '/login/alpha' });
    const asked = system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query;
    expect([asked?.get('prompt'), asked?.get('max_age'), asked?.get('login_hint')]).toEqual(['login', '600', null]);
    expect(words(begun)).toContain('1 app connected as ana@corp.example will be disconnected');
    expect([await bothOf(sub), await linked()]).toEqual([[one, two], []]);

    await begun.browser.submit({}, { press: 'Join them' });
    expect(words(begun)).toContain('Your accounts are joined');
    expect(await bothOf(sub)).toEqual([one, one]);
    expect(await linked()).toEqual([
      expect.objectContaining({ userId: one, leftUserId: two, connectionId: 'beta', otherConnectionId: 'alpha' }),
    ]);
    // The app that was connected as the other account is out at the gateway and at the token endpoint; the first is not.
    expect((await callTool(system, app.tokens.access_token, 'whoami')).status).toBe(401);
    expect((await refresh(system, app.client, app.tokens.refresh_token)).status).toBe(400);
    expect((await callTool(system, usual.tokens.access_token, 'whoami')).status).toBe(200);
    const { tokens } = await finishConsent(system, begun);
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);

    const again = await beginConsent(system, { door: 'beta' });
    const renewed = await finishConsent(system, again);
    expect((await rowsOf(system, grants)).filter((row) => row['userId'] === two && row['stage'] !== 'ended')).toEqual([]);
    expect((await callTool(system, renewed.tokens.access_token, 'whoami')).status).toBe(200);

    // Somebody who leaves the company behind Beta loses what Beta gave, and Alpha’s session is no way to get it.
    system.alpha.script = { claims: (honest) => ({ ...honest, sub, auth_time: seconds() }) };
    system.beta.script = { claims: (honest) => ({ ...honest, sub, auth_time: seconds(), groups: [] }) };
    const leaver = await begin(system);
    await leaver.browser.submit({}, { form: '/login/beta' });
    expectStopped(system, leaver.browser.page, 'no-access', /belongs to no tenant/);
    expect((await callTool(system, renewed.tokens.access_token, 'whoami')).status).toBe(401);
    const byAlpha = await beginConsent(system, { door: 'alpha' });
    expect(words(byAlpha)).not.toContain('Initech');
    const place = { engine: system.engine, tenants: directoryOf(system.config).tenants, now: system.clock.now() };
    expect(Object.keys(await rolesNow(place, one))).not.toContain('initech');
  });

  it('can do so where the account has no access at all', async () => {
    const sub = anotherAna({}, { groups: [] });
    const begun = await begin(system);
    await begun.browser.submit({}, { form: '/login/beta' });
    expect(kindOf(begun.browser.page.body)).toBe('no-access');
    await begun.browser.submit({}, { press: 'join my accounts' });
    await begun.browser.submit({}, { form: '/login/alpha' });
    await begun.browser.submit({}, { press: 'Join them' });
    const [one, two] = await bothOf(sub);
    expect(one).toBe(two);
    await finishConsent(system, begun);
  });

  it('is asked for a fresh sign-in to the first account when that one is old, and joins nothing without it [W64]', async () => {
    const sub = anotherAna({}, { auth_time: seconds() - 3600 });
    const begun = await pressLink();
    const asked = system.beta.requests.findLast(({ path }) => path === '/authorize')?.query;
    expect([asked?.get('prompt'), asked?.get('max_age')]).toEqual(['login', '600']);
    expect([begun.browser.page.status, words(begun)]).toEqual([403, expect.stringContaining('We need to see that you signed in just now')]);
    expect(words(begun)).toContain('Nothing was joined.');
    await begun.browser.submit({}, { press: 'Go on as' });
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('initech');
    expect(await userOf('alpha', sub)).toBe('undefined');
  });

  it('who cancels the other sign-in is back where they were, and nothing is joined', async () => {
    const sub = anotherAna();
    const begun = await pressLink();
    const before = (await linked()).length;
    system.alpha.script = {
      answer: (answer) => {
        answer.delete('code');
        answer.set('error', 'access_denied');
      },
    };
    await begun.browser.submit({}, { form: '/login/alpha' });
    expect(words(begun)).toContain('The other sign-in was not finished');
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('initech');
    await finishConsent(system, begun);
    expect([(await linked()).length, await userOf('alpha', sub)]).toEqual([before, 'undefined']);
  });

  it('who goes back before the other sign-in goes on as before', async () => {
    anotherAna();
    const begun = await pressLink();
    await begun.browser.submit({}, { press: 'go back' });
    await finishConsent(system, begun);
  });

  it('who uses the browser’s back button on the way can still choose, and the page tells who is signed in', async () => {
    const sub = anotherAna();
    const begun = await pressLink();
    // Gone to the identity provider in another tab, and not come back.
    const door = begun.browser.form('/login/alpha');
    const Cookie = [...begun.browser.cookies(door.action)].map((pair) => pair.join('=')).join('; ');
    const left = await fetch(door.action, { method: 'POST', body: door.fields, headers: { Cookie }, redirect: 'manual' });
    expect(new URL(left.headers.get('location') ?? '').origin).toBe(system.alpha.issuer);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(words(begun)).toContain('You are signed in as ana@corp.example with Beta');
    await begun.browser.submit({}, { form: '/login/alpha' });
    await begun.browser.submit({}, { press: 'Leave them apart' });
    expect(words(begun)).toContain('signed in with Alpha');
    const [one, two] = await bothOf(sub);
    expect(one).not.toBe(two);
  });

  it('who joined them already is told so, and goes on', async () => {
    anotherAna();
    const first = await upToJoin();
    await first.browser.submit({}, { press: 'Join them' });
    const before = (await linked()).length;
    const again = await pressLink();
    await again.browser.submit({}, { form: '/login/alpha' });
    expect([again.browser.page.status, words(again)]).toEqual([200, expect.stringContaining('These are joined already')]);
    await again.browser.submit({}, { press: 'Go on as' });
    await finishConsent(system, again);
    expect((await linked()).length).toBe(before);
  });

  it('of one connection is two people, also when the form for it is made by hand [W64] [W67]', async () => {
    const sub = anotherAna();
    const begun = await pressLink();
    const fields = new URLSearchParams(begun.browser.form('/login/alpha').fields);
    system.beta.script = { claims: (honest) => ({ ...honest, sub: `${sub}-too`, auth_time: seconds() }) };
    await begun.browser.post(`${system.issuer}/login/beta`, fields);
    expect([begun.browser.page.status, words(begun)]).toEqual([403, expect.stringContaining('Two accounts of one sign-in are two people')]);
    const forged = new URLSearchParams(begun.browser.form('/link/apart').fields);
    forged.set('shown_staying', 'first');
    await begun.browser.post(`${system.issuer}${begun.path}/link/join`, forged);
    expect(await userOf('beta', sub)).not.toBe(await userOf('beta', `${sub}-too`));
  });
});

describe('nobody else', () => {
  it('presses for a person: not without the value of the page, not from another site, not in another browser [W64] [W75]', async () => {
    const sub = anotherAna();
    const begun = await beginConsent(system, { door: 'beta' });
    const link = begun.browser.form('/link');
    const attempts: [URLSearchParams, Record<string, string>][] = [
      [new URLSearchParams({ transaction: begun.id }), {}],
      [new URLSearchParams({ transaction: begun.id, csrf: 'x' }), {}],
      [link.fields, { Origin: 'https://evil.test' }],
      [link.fields, { 'Sec-Fetch-Site': 'cross-site' }],
    ];
    for (const [fields, headers] of attempts) expect((await begun.browser.post(link.action, fields, headers)).status).toBe(403);
    const stranger = careful(system);
    expect((await stranger.post(link.action, link.fields)).status).toBe(403);
    expect((await stranger.get(link.action)).status).toBe(404);

    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(words(begun)).not.toContain('Now sign in');
    await begun.browser.submit({}, { form: '/link' });
    await begun.browser.submit({}, { form: '/login/alpha' });
    const join = begun.browser.form('/link/join');
    for (const [fields, headers] of [
      [new URLSearchParams({ transaction: begun.id, shown_staying: 'second' }), {}],
      [join.fields, { Origin: 'https://evil.test' }],
      [new URLSearchParams({ ...Object.fromEntries(join.fields), csrf: 'x' }), {}],
    ] as [URLSearchParams, Record<string, string>][])
      expect((await begun.browser.post(join.action, fields, headers)).status).toBe(403);
    expect((await stranger.post(join.action, join.fields)).status).toBe(403);
    const [one, two] = await bothOf(sub);
    expect(one).not.toBe(two);
  });

  it('brings the other sign-in’s answer in a browser of their own [W64]', async () => {
    const sub = anotherAna();
    const begun = await beginConsent(system, { door: 'beta', beforeCallback: false });
    await begun.browser.submit({}, { form: '/link' });
    const door = begun.browser.form('/login/alpha');
    // The victim’s browser follows a link to the attacker’s answer.
    const held = careful(system, { beforeCallback: true });
    const theirs = await begin(system, { browser: held });
    const answer = (await held.submit({}, { form: '/login/alpha' })).location ?? new URL('about:blank');
    await begun.browser.get(answer);
    expectStopped(system, begun.browser.page, 'other-browser', /another browser/);
    expect(theirs.id).not.toBe(begun.id);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(begun.browser.form('/login/alpha').action.href).toBe(door.action.href);
    expect(await userOf('alpha', sub)).toBe('undefined');
  });

  it('takes a proof for another account, a second time, or after it is over [W64]', async () => {
    const sub = anotherAna();
    const begun = await upToJoin();
    const join = begun.browser.form('/link/join');
    // Another sign-in in between: what was proven is proven of somebody else now.
    system.alpha.script = { claims: (honest) => ({ ...honest, sub: `${sub}-else`, auth_time: seconds() }) };
    await begun.browser.post(`${system.issuer}${begun.path}/account`, new URLSearchParams(begun.browser.form('/link/apart').fields));
    const before = (await linked()).length;
    await begun.browser.post(join.action, join.fields);
    expect([(await linked()).length, await userOf('alpha', `${sub}-else`)]).toEqual([before, expect.not.stringMatching('undefined')]);
    expect(await userOf('alpha', `${sub}-else`)).not.toBe(await userOf('beta', sub));

    const over = anotherAna();
    const late = await upToJoin();
    const form = late.browser.form('/link/join');
    system.clock.advance(11 * 60_000);
    expect((await late.browser.post(form.action, form.fields)).status).toBe(410);
    const [one, two] = await bothOf(over);
    expect(one).not.toBe(two);
  });

  it('joins by an address that is the same elsewhere: without both sign-ins there are two people [W60] [W64]', async () => {
    const sub = anotherAna();
    await beginConsent(system, { door: 'alpha' });
    const begun = await beginConsent(system, { door: 'beta' });
    expect(words(begun)).not.toContain('Acme');
    const [one, two] = await bothOf(sub);
    expect(one).not.toBe(two);
  });
});

describe('at the same time, on two instances', () => {
  it('a click twice joins once, whoever is quicker, and what was connected as the other account is over [W64] [W79]', async () => {
    const { config, engine, masterKey, clock } = system;
    const log = openLog({ level: 'info', isForPeople: false, write: (line) => system.lines.push(line) });
    const broker = await compose({ config, engine, masterKey, clock, entropy: nodeEntropy, log });
    const server = createServer(broker.answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const there = { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    try {
      for (let round = 0; round < 20; round += 1) {
        const sub = anotherAna();
        await beginConsent(system, { door: 'alpha' });
        const app = await finishConsent(system, await beginConsent(system, { door: 'beta' }));
        const begun = await upToJoin();
        const form = begun.browser.form('/link/join');
        const before = (await linked()).length;
        const Cookie = [...begun.browser.cookies(`${system.issuer}${begun.path}`)].map((pair) => pair.join('=')).join('; ');
        const headers = [`Cookie: ${Cookie}`, 'Content-Type: application/x-www-form-urlencoded'];
        latency = 10;
        const press = (at: { issuer: string }) =>
          raw(at, form.action.pathname, { host: new URL(system.issuer).host, method: 'POST', headers, body: form.fields.toString() });
        const pressed = await Promise.all([press(system), press(there), press(there), press(system)]);
        latency = 0;
        expect(pressed.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
        await begun.browser.get(`${system.issuer}${begun.path}`);
        expect(words(begun)).toContain('Your accounts are joined');
        const [one, two] = await bothOf(sub);
        expect([one === two, (await linked()).length - before]).toEqual([true, 1]);
        expect((await callTool(system, app.tokens.access_token, 'whoami')).status).toBe(401);
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
      broker.close();
    }
  }, 120_000);
});

describe('where the configuration does not say so', () => {
  it('no page offers it and the form for it is not there', async () => {
    await system.restart((config) => ({ ...config, linking: false }));
    try {
      anotherAna();
      const begun = await beginConsent(system, { door: 'beta' });
      expect(begun.browser.page.body).not.toContain('/link');
      const fields = new URLSearchParams(begun.browser.form('/consent').fields);
      await begun.browser.post(`${system.issuer}${begun.path}/link`, fields);
      expectStopped(system, begun.browser.page, 'not-found', /linking is off/);
      fields.set('shown_staying', 'first');
      await begun.browser.post(`${system.issuer}${begun.path}/link/join`, fields);
      expectStopped(system, begun.browser.page, 'not-found', /linking is off/);
    } finally {
      await system.restart(() => configure(system.config));
    }
  });
});
