/** Looking at a connection before anybody depends on it, by whoever administers a tenant it leads into. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { Secret } from '../../src/domain/secret.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { wordsOf } from '../support/browser.ts';
import { claimsOf, openBrowser } from '../support/client.ts';
import { openHostileIdp } from '../support/hostile-idp.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { announce } from '../support/past-the-broker.ts';
import { putInto } from '../support/roles-now.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let corp: HostileIdp;
let [acme, initech, platform] = ['', '', ''];

interface Tested {
  readonly works: boolean;
  readonly checks: readonly { readonly check: string; readonly result: string; readonly says: string }[];
  readonly signInTest: string;
  readonly expiresAt: number;
}

/** A second identity provider, through which people come into Initech alone. */
const withCorp = (config: Config): Config => {
  const { connections, tenants, ...rest } = administered(config);
  const [demo] = connections;
  if (demo?.type !== 'oidc') throw new Error('the demonstration is of another kind');
  const second = { ...demo, id: 'corp' as typeof demo.id, name: 'Corp', issuer: corp.issuer };
  const credential = { client_id: 'drawbridge', client_secret: new Secret<'client_secret'>('CNRYclientsecret') };
  return {
    ...rest,
    connections: [...connections, { ...second, ...credential }],
    tenants: tenants.map((tenant) =>
      tenant.id === 'initech' ? tenant : { ...tenant, rules: tenant.rules.map((rule) => ({ ...rule, connection: demo.id })) },
    ),
  };
};

beforeAll(async () => {
  corp = await openHostileIdp();
  system = await startSystem({ configure: withCorp });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
});
afterAll(async () => {
  await system.close();
  await corp.close();
});
afterEach(() => {
  corp.script = {};
  // Each begins with a minute of its own.
  system.clock.advance(60_000 - (system.clock.now() % 60_000));
});

const test = (tenant: string, connection: string, token: string) =>
  ask(system, 'POST', `/tenants/${tenant}/connections/${connection}/test`, { token });
const examined = async () =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter(({ event }) => event === 'connection.examined');
/** What has to be fixed, but for the clocks, which are set apart here. */
const problemsOf = ({ checks }: Tested) => checks.filter(({ check, result }) => result === 'problem' && check !== 'clock');
const resultOf = ({ checks }: Tested, name: string) => checks.find(({ check }) => check === name)?.result;

describe('a connection is tested', () => {
  it('as the command does it: what can be told without a person, our credential too, and it is on record', async () => {
    const count = (await examined()).length;
    const { status, body } = await test('initech', 'corp', initech);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        id: 'corp',
        name: 'Corp',
        issuer: corp.issuer,
        redirect_uri: `${system.issuer}/callback/corp`,
        works: true,
      }),
    ]);
    const tested = body as Tested;
    expect(['discovery', 'issuer', 'keys', 'client', 'way-in'].map((name) => resultOf(tested, name))).toEqual(Array(5).fill('ok'));
    expect(JSON.stringify(body)).not.toContain('CNRY');
    expect((await examined()).slice(count)).toEqual([
      expect.objectContaining({ tenantId: 'initech', connectionId: 'corp', adminId: claimsOf(initech)['sub'] }),
    ]);
  });

  it('and what is wrong is said, with what to do', async () => {
    corp.script = { discovery: (document) => ({ ...document, issuer: 'https://elsewhere.example' }) };
    const { status, body } = await test('initech', 'corp', initech);
    expect([status, (body as Tested).works]).toEqual([200, false]);
    expect(problemsOf(body as Tested)).toEqual([
      expect.objectContaining({ check: 'issuer', todo: expect.stringContaining('letter for letter') }),
    ]);
  });

  it('with a link that tries one sign-in, once and for ten minutes', async () => {
    const { signInTest, expiresAt } = (await test('acme', 'demo', acme)).body as Tested;
    expect(signInTest.startsWith(`${system.issuer}/connections/demo/test?ticket=`)).toBe(true);
    expect(expiresAt - system.clock.now()).toBeGreaterThan(590_000);
    const browser = openBrowser();
    await browser.get(signInTest);
    await browser.submit();
    await browser.submit({ login: 'bob', password: 'demo' });
    expect(wordsOf(browser.page.body)).toContain('Bob Baker');
    expect(browser.page.url.pathname).toMatch(/^\/connections\/demo\/test\/[\w-]{22}$/);
    const again = openBrowser();
    await again.get(signInTest);
    expect((await again.submit()).status).toBeGreaterThanOrEqual(400);
    const late = (await test('acme', 'demo', acme)).body as Tested;
    system.clock.advance(600_000);
    const after = openBrowser();
    await after.get(late.signInTest);
    expect((await after.submit()).status).toBeGreaterThanOrEqual(400);
    system.clock.advance(-600_000);
  });

  it('without a word of other tenants, except to whoever looks after all [W120]', async () => {
    const names = async (token: string) => JSON.stringify((await test('acme', 'demo', token)).body);
    const [told, all] = [await names(acme), await names(platform)];
    expect(told).toContain('It leads into Acme.');
    expect(told).not.toMatch(/Globex|Initech/);
    expect(all).toContain('Initech');
  });
});

describe('what is not tested', () => {
  it('a connection that does not lead into the tenant, or is none, with nothing asked and nothing written [W120]', async () => {
    const [asked, count] = [corp.requests.length, (await examined()).length];
    const answers = [
      await test('acme', 'corp', acme),
      await test('acme', 'corp', platform),
      await test('acme', 'nobody', acme),
      await test('acme', 'NOT AN ID', acme),
      await test('initech', 'corp', acme),
      await test('nowhere', 'corp', acme),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(({ body }) => (body as { detail: string }).detail)).size).toBe(1);
    expect([corp.requests.length, (await examined()).length]).toEqual([asked, count]);
    expect((await test('initech', 'corp', initech)).status).toBe(200);
    expect(corp.requests.length).toBeGreaterThan(asked);
  });

  it('one connection more than six times a minute, by whomever: then it is asked nothing', async () => {
    const answers: number[] = [];
    for (let time = 0; time < 6; time += 1) answers.push((await test('initech', 'corp', time % 2 === 0 ? initech : platform)).status);
    expect(answers).toEqual(Array(6).fill(200));
    const [asked, count] = [corp.requests.length, (await examined()).length];
    const more = await Promise.all([initech, platform, initech].map((token) => test('initech', 'corp', token)));
    expect(more.map(({ status }) => status)).toEqual([429, 429, 429]);
    const after = Number(more[0]?.headers.get('Retry-After'));
    expect([after > 0, after <= 60]).toEqual([true, true]);
    expect([corp.requests.length, (await examined()).length]).toEqual([asked, count]);
    expect((await test('initech', 'demo', initech)).status).toBe(200);
    system.clock.advance(60_000);
    expect((await test('initech', 'corp', initech)).status).toBe(200);
  });
});

/** Holds back what is answered at a path until it is let go. */
function heldAt(path: string) {
  const waiting: (() => void)[] = [];
  corp.script = { raw: { [path]: (_request, response) => void waiting.push(() => response.writeHead(500).end()) } };
  return {
    count: () => waiting.length,
    release: () => waiting.splice(0).forEach((answer) => answer()),
  };
}

const until = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; !isSo() && tries < 100; tries += 1) await wait(20);
};

describe('an identity provider that takes its time', () => {
  const discovery = '/.well-known/openid-configuration';

  it('is asked once, however many want to know at the same moment', async () => {
    const held = heldAt(discovery);
    const before = corp.count(discovery);
    const all = [1, 2, 3].map(() => test('initech', 'corp', initech));
    await until(() => held.count() > 0);
    await wait(300);
    held.release();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(corp.count(discovery) - before).toBe(1);
    // The next one is asked anew.
    corp.script = {};
    expect(problemsOf((await test('initech', 'corp', initech)).body as Tested)).toEqual([]);
    expect(corp.count(discovery) - before).toBe(2);
  });

  it('is waited for less than a program waits for us, whatever it does', async () => {
    const document = await (await fetch(`${corp.issuer}${discovery}`)).text();
    const slowly =
      (status: number, body: string) =>
      (_request: IncomingMessage, response: ServerResponse): void =>
        void setTimeout(() => response.writeHead(status, { 'Content-Type': 'application/json' }).end(body), 4_000).unref();
    // Each answer comes just in time, and all together do not.
    corp.script = {
      raw: { [discovery]: slowly(200, document), '/jwks': slowly(500, ''), '/token': slowly(400, '{"error":"invalid_grant"}') },
    };
    const began = performance.now();
    const { status, body } = await test('initech', 'corp', initech);
    expect([status, resultOf(body as Tested, 'discovery'), resultOf(body as Tested, 'keys')]).toEqual([200, 'ok', 'problem']);
    expect(performance.now() - began).toBeLessThan(9_500);
  }, 20_000);

  it('and who may not test any more by then gets no link [W97]', async () => {
    const held = heldAt(discovery);
    const asking = test('initech', 'corp', initech);
    await until(() => held.count() > 0);
    const who = String(claimsOf(initech)['sub']);
    const identities = await putInto(system.engine, who, []);
    const tell = () => announce(system, ...identities.map((key) => ({ kind: 'identity' as const, key })));
    await tell();
    held.release();
    const { status, body } = await asking;
    expect(status).toBe(401);
    expect(JSON.stringify(body)).not.toContain('ticket');
    await putInto(system.engine, who, ['support']);
    await tell();
    expect((await test('initech', 'demo', initech)).status).toBe(200);
  });
});
