import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compose } from '../../src/compose.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { grants, identities, users } from '../../src/stores/collections.ts';
import { rolesNow } from '../support/roles-now.ts';
import { wordsOf } from '../support/browser.ts';
import { authorizeUrl, login, openBrowser, pkce, redeem, refresh, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { alphaMfa, begin, beginConsent, careful, expectStopped, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { countOf, kindOf, raw } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
  system.beta.script = {};
});

type Claims = Record<string, unknown>;
const says = (change: Claims): void => {
  system.alpha.script = { claims: (honest) => ({ ...honest, ...change }) };
};
const throughAlpha = async (): Promise<Begun> => {
  const begun = await begin(system);
  await begun.browser.submit({}, { form: '/login/alpha' });
  return begun;
};
const userOf = async (connectionId: string, subject: string): Promise<string> => {
  const found = (await rowsOf(system, identities)).filter((row) => row['connectionId'] === connectionId && row['subject'] === subject);
  expect(found).toHaveLength(1);
  return String(found[0]?.['userId']);
};
const rolesOf = async (user: string): Promise<Record<string, string[]>> => {
  const { engine, config, clock } = system;
  const found = await rolesNow({ engine, tenants: directoryOf(config).tenants, now: clock.now() }, user);
  return Object.fromEntries(Object.entries(found).map(([tenant, roles]) => [tenant, roles.map((role) => role.replace(/@.*/, ''))]));
};

describe('who somebody is', () => {
  it('the same subject and e-mail at another identity provider is another user, with roles of their own [S3.04] [W67] [Q-ANY-07]', async () => {
    await beginConsent(system, { door: 'alpha' });
    await beginConsent(system, { door: 'beta' });
    const [first, second] = [await userOf('alpha', 'person-1'), await userOf('beta', 'person-1')];
    expect(first).not.toBe(second);
    const emails = await Promise.all([first, second].map(async (id) => (await system.engine.get(users, id))?.['email']));
    expect(emails).toEqual(['ana@corp.example', 'ana@corp.example']);
    expect(await rolesOf(first)).toEqual({ acme: ['editor'], globex: ['viewer'] });
    expect(await rolesOf(second)).toEqual({ initech: ['viewer'] });
  });

  it('a subject in other letters is another person, the same again is the same', async () => {
    for (const sub of ['Person-9', 'person-9', 'person-9']) {
      says({ sub });
      await throughAlpha();
    }
    expect(await userOf('alpha', 'Person-9')).not.toBe(await userOf('alpha', 'person-9'));
  });

  it('first sign-ins at the same moment make one user [W185]', async () => {
    says({ sub: 'many-at-once' });
    const before = await countOf(system, users);
    const attempts = await Promise.all(Array.from({ length: 20 }, () => begin(system)));
    await Promise.all(attempts.map(({ browser }) => browser.submit({}, { form: '/login/alpha' })));
    expect(attempts.map(({ browser }) => browser.page.status)).toEqual(Array<number>(20).fill(200));
    await userOf('alpha', 'many-at-once');
    expect(await countOf(system, users)).toBe(before + 1);
  });

  it("an e-mail address neither finds a sign-in nor opens a tenant: only the connection's rules do [W60] [S3.05]", async () => {
    const doors = async (login_hint: string | null): Promise<string[]> =>
      (await begin(system, { changes: { login_hint } })).browser.page.forms.map(({ action }) =>
        action.pathname.replace(/.{22}\/stop/, 'stop'),
      );
    expect(await doors('victim@globex.example')).toEqual(await doors(null));
    says({ sub: 'lookalike', email: 'boss@acme.example', email_verified: true, groups: [] });
    const { browser } = await throughAlpha();
    expectStopped(system, browser.page, 'no-access', /belongs to no tenant/);
  });

  it('somebody who is in no tenant is told so, gets nothing, and can sign in as somebody else [S3.06]', async () => {
    const { browser } = await begin(system);
    await signIn(browser, 'dave');
    expectStopped(system, browser.page, 'no-access', /belongs to no tenant/);
    await browser.submit({}, { press: 'Sign in with another account' });
    await browser.submit({ login: 'alice', password: 'demo' });
    expect(browser.page.body).toContain('Alice Archer');
    expect(browser.page.body).not.toContain('Dave');
  });
});

describe('groups', () => {
  const unknown: [string, Claims][] = [
    ['missing', { groups: undefined }],
    ['null', { groups: null }],
    ['an object', { groups: { $in: ['it-admins'] } }],
    ['nested', { groups: [['it-admins']] }],
    ['numbers', { groups: [1] }],
    ['partly something else', { groups: ['it-admins', { a: 1 }] }],
    [
      'kept elsewhere',
      { groups: ['it-admins'], _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'http://127.0.0.1:1/' } } },
    ],
    ['too many to list', { groups: ['it-admins'], hasgroups: true }],
    ['three thousand', { groups: Array.from({ length: 3000 }, (_, index) => `g${index}`) }],
  ];
  it.each(unknown)('that are %s are unknown: nobody comes in and nobody loses a role [W68]', async (_, change) => {
    says({ sub: 'grouped' });
    await throughAlpha();
    const user = await userOf('alpha', 'grouped');
    const before = await rolesOf(user);
    expect(before).toEqual({ acme: ['editor'], globex: ['viewer'] });
    says({ sub: 'grouped', ...change });
    const { browser } = await throughAlpha();
    expectStopped(system, browser.page, 'groups-unknown', /did not say/);
    expect(wordsOf(browser.page.body)).toContain('Alpha did not tell us which groups');
    expect(await rolesOf(user)).toEqual(before);
  });

  it.each([
    ['IT-Admins'],
    [' it-admins'],
    ['it-admins '],
    ['a,it-admins'],
    ['it\u200b-admins'],
    ['іt-admins'],
    ['*'],
    ['constructor'],
    ['__proto__'],
  ])('that only look like a mapped one give nothing (%s) [W68]', async (group) => {
    says({ sub: 'spelled', groups: [group] });
    expectStopped(system, (await throughAlpha()).browser.page, 'no-access', /belongs to no tenant/);
  });

  it('replace what they gave before: a group lost is a role lost, and an empty list is a list [W71]', async () => {
    const steps: [string[], Record<string, string[]>][] = [
      [['eng', 'it-admins'], { acme: ['editor', 'admin'], globex: ['viewer'] }],
      [['eng'], { acme: ['editor'], globex: ['viewer'] }],
      [['sales'], { globex: ['viewer'] }],
      [[], {}],
    ];
    for (const [groups, roles] of steps) {
      says({ sub: 'mover', groups });
      await throughAlpha();
      expect(await rolesOf(await userOf('alpha', 'mover'))).toEqual(roles);
    }
  });
});

describe('a second factor', () => {
  const upstream = (): URLSearchParams =>
    system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query ?? new URLSearchParams();
  const globex = async (): Promise<Begun> => {
    const begun = await beginConsent(system);
    await begun.browser.submit({}, { form: '/tenant', press: 'Globex' });
    return begun;
  };
  const grantsIn = async (tenant: string) => (await rowsOf(system, grants)).filter((row) => row['tenantId'] === tenant);

  it('that is asked for and not proven is refused, and asked again only when the person presses [AM-08] [S3.07] [Q-MFA-12]', async () => {
    const begun = await globex();
    expect(upstream().get('acr_values')).toBe(alphaMfa);
    expect(JSON.parse(upstream().get('claims') ?? '{}')).toMatchObject({ id_token: { acr: { essential: true, values: [alphaMfa] } } });
    expectStopped(system, begun.browser.page, 'second-factor-unproven', /proved no second factor/);
    const asked = system.alpha.count('/authorize');
    for (let round = 0; round < 3; round += 1) await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(kindOf(begun.browser.page.body)).toBe('second-factor-unproven');
    expect(system.alpha.count('/authorize')).toBe(asked);
    // The page that is not shown cannot be answered either.
    const fields = new URLSearchParams(begun.browser.form('Try again').fields);
    for (const [name, value] of [
      ['decision', 'approve'],
      ['shown_tenant', 'globex'],
      ['scope', 'read'],
    ] as const)
      fields.set(name, value);
    expect((await begun.browser.post(`${system.issuer}${begun.path}/consent`, fields)).location).toBeNull();
    expect(await grantsIn('globex')).toEqual([]);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    says({ acr: alphaMfa });
    await begun.browser.submit({}, { press: 'Try again' });
    expect(system.alpha.count('/authorize')).toBe(asked + 1);
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('globex');
    await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    expect(await grantsIn('globex')).toHaveLength(1);
  });

  const evidence: [string, Claims][] = [
    ['an acr that only begins so', { acr: `${alphaMfa}-not` }],
    ['an acr with a space', { acr: `${alphaMfa} ` }],
    ['an acr in a list', { acr: [alphaMfa] }],
    ['a method that is not on the list', { amr: ['otp', 'MFA'] }],
    ['amr in one text', { amr: 'pwd mfa' }],
    ['what we asked for, repeated back', { acr_values: alphaMfa, mfa: true, aal: 'aal2' }],
  ];
  it.each(evidence)('is not proven by %s [S3.07] [AM-08]', async (_, change) => {
    says(change);
    expectStopped(system, (await globex()).browser.page, 'second-factor-unproven', /proved no second factor/);
  });

  it('proven by somebody else lets nobody in for the first: the account is the one that proved, and the choice is gone', async () => {
    const begun = await beginConsent(system);
    says({ sub: 'person-2', name: 'Zoe Zimmer', acr: alphaMfa });
    await begun.browser.submit({}, { form: '/tenant', press: 'Globex' });
    const words = wordsOf(begun.browser.page.body);
    expect({ zoe: words.includes('Zoe Zimmer'), ana: words.includes('Ana Anders') }).toEqual({ zoe: true, ana: false });
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('acme');
    await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    const [grant] = (await rowsOf(system, grants)).filter((row) => row['client_id'] === begun.client.client_id).slice(-1);
    const zoe = await userOf('alpha', 'person-2');
    expect((await rowsOf(system, grants)).filter((row) => row['userId'] === zoe)).toHaveLength(1);
    expect(grant).toBeDefined();
  });

  it('that was cancelled leaves the other workspace open', async () => {
    const begun = await beginConsent(system);
    system.alpha.script = {
      answer: (answer) => {
        answer.delete('code');
        answer.set('error', 'access_denied');
      },
    };
    await begun.browser.submit({}, { form: '/tenant', press: 'Globex' });
    expect(wordsOf(begun.browser.page.body)).toContain('The extra sign-in step was not finished');
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('acme');
  });

  it('that cannot be asked for is an outage and not a missing proof [F13]', async () => {
    says({ sub: 'globex-only', groups: ['sales'] });
    const begun = await begin(system);
    let trips = 0;
    system.alpha.script = {
      ...system.alpha.script,
      answer: (answer) => {
        trips += 1;
        if (trips === 2) {
          answer.delete('code');
          answer.set('error', 'temporarily_unavailable');
        }
      },
    };
    await begun.browser.submit({}, { form: '/login/alpha' });
    expect(begun.browser.page.status).toBe(503);
    expectStopped(system, begun.browser.page, 'not-answering', /could not be asked/);
    says({ sub: 'globex-only', groups: ['sales'], amr: [{ method: 'mfa' }] });
    await begun.browser.submit({}, { press: 'Try again' });
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('globex');
  });
});

describe('switching accounts in the middle', () => {
  it('makes the second person the one who approves [W80]', async () => {
    const begun = await beginConsent(system);
    const ana = await userOf('alpha', 'person-1');
    says({ sub: 'person-3', name: 'Yan Young' });
    await begun.browser.submit({}, { press: 'Use another account' });
    expect(system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query.get('prompt')).toBe('select_account');
    const words = wordsOf(begun.browser.page.body);
    expect({ yan: words.includes('Yan Young'), ana: words.includes('Ana Anders') }).toEqual({ yan: true, ana: false });
    const before = (await rowsOf(system, grants)).filter((row) => row['userId'] === ana).length;
    await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    expect((await rowsOf(system, grants)).filter((row) => row['userId'] === ana)).toHaveLength(before);
    const yan = await userOf('alpha', 'person-3');
    expect((await rowsOf(system, grants)).filter((row) => row['userId'] === yan)).toHaveLength(1);
  });
});

describe('before anything goes upstream', () => {
  it('a page of ours asks every time, whoever was approved before and wherever the request came from [W45] [S1.01] [S1.05]', async () => {
    const client = await register(system);
    const browser = careful(system);
    await begin(system, { client, browser });
    await browser.submit({}, { form: '/login/alpha' });
    await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    expect(browser.location?.searchParams.has('code')).toBe(true);
    const asked = system.alpha.count('/authorize');
    const Cookie = [...browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');
    for (const site of ['cross-site', 'same-origin', 'none', null]) {
      const headers = { Cookie, ...(site === null ? {} : { 'Sec-Fetch-Site': site }) };
      const first = await fetch(authorizeUrl(system, client, pkce()), { redirect: 'manual', headers });
      const page = await fetch(new URL(first.headers.get('location') ?? '', system.issuer), { redirect: 'manual', headers });
      expect(page.status).toBe(200);
      expect(wordsOf(await page.text())).toContain('Continue with Alpha');
    }
    expect(system.alpha.count('/authorize')).toBe(asked);
  });

  it('no parameter leads anywhere else: a door is one of ours or not there [W59] [S2.05]', async () => {
    const begun = await begin(system, {
      changes: { returnTo: '//evil.test', next: 'https://evil.test', login_hint: '"><script>x()</script>' },
    });
    expect(begun.browser.page.body).not.toMatch(/evil\.test|x\(\)/);
    const fields = new URLSearchParams(begun.browser.form('/login/alpha').fields);
    for (const [name, value] of [
      ['returnTo', '//evil.test'],
      ['issuer', 'https://evil.test'],
      ['redirect_uri', 'https://evil.test/'],
    ] as const)
      fields.set(name, value);
    for (const door of ['gamma', 'Alpha', '..', '%2e%2e', 'alpha%2f..', 'alpha;x', '__proto__', '//evil.test', '%00']) {
      const page = await begun.browser.post(`${system.issuer}/login/${door}`, fields);
      expect({ door, status: page.status, location: page.location }).toEqual({ door, status: 404, location: null });
    }
    await begun.browser.post(`${system.issuer}/login/alpha`, fields);
    const asked = system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query;
    expect(asked?.toString()).not.toContain('evil');
    expect(asked?.get('login_hint')).toBe('"><script>x()</script>');
    expect(begun.browser.page.url.href).toBe(`${system.issuer}${begun.path}`);
  });

  it('prompt=login and max_age=0 ask for a fresh login and take nothing else for one [W19]', async () => {
    const seconds = (): number => Math.floor(system.clock.now() / 1000);
    for (const changes of [{ prompt: 'login' }, { max_age: '0' }]) {
      for (const [auth_time, kind] of [
        [undefined, 'sign-in-untrustworthy'],
        [seconds() - 3600, 'sign-in-untrustworthy'],
        [seconds(), null],
      ] as const) {
        says({ auth_time });
        const begun = await begin(system, { changes });
        const page = await begun.browser.submit({}, { form: '/login/alpha' });
        const query = system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query;
        expect([query?.get('prompt'), query?.get('max_age')]).toEqual(['login', '0']);
        expect(kindOf(page.body)).toBe(kind);
        if (kind !== null) expectStopped(system, page, kind, /auth_time/);
      }
    }
  });
});

describe('an identity provider taken out of the configuration', () => {
  it('ends sign-ins under way, keeps a code from being redeemed, and ends refreshing [W57] [S10.04]', async () => {
    const open = await beginConsent(system);
    const waiting = await begin(system, { beforeCallback: true });
    const answer = (await waiting.browser.submit({}, { form: '/login/alpha' })).location ?? new URL('about:blank');
    const coded = await beginConsent(system);
    const code =
      (await coded.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' })).location?.searchParams.get('code') ?? '';
    const held = await beginConsent(system);
    const redeemable =
      (await held.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' })).location?.searchParams.get('code') ?? '';
    const { client_id, redirect_uri } = held.client;
    const exchange = { client_id, redirect_uri, code: redeemable, code_verifier: held.pkce.code_verifier };
    const tokens = (await (await redeem(system, exchange)).json()) as Tokens;

    const config = { ...system.config, connections: system.config.connections.filter(({ id }) => id !== 'alpha') };
    const log = openLog({ level: 'info', isForPeople: false, write: (line) => system.lines.push(line) });
    const { engine, masterKey, clock } = system;
    const broker = await compose({ config, engine, masterKey, clock, entropy: nodeEntropy, log });
    const server = createServer(broker.answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const without = { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const host = new URL(system.issuer).host;
    const cookieOf = ({ browser }: Begun) => `Cookie: ${[...browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ')}`;
    const form = 'Content-Type: application/x-www-form-urlencoded';
    try {
      const page = await raw(without, open.path, { host, headers: [cookieOf(open)] });
      expect({ status: page.status, kind: kindOf(page.body) }).toEqual({ status: 410, kind: 'expired' });
      const fields = new URLSearchParams(open.browser.form('/consent').fields);
      fields.set('decision', 'approve');
      const before = await countOf(system, grants);
      const pressed = await raw(without, `${open.path}/consent`, {
        host,
        method: 'POST',
        headers: [cookieOf(open), form],
        body: fields.toString(),
      });
      expect(pressed.status).toBe(410);
      expect(await countOf(system, grants)).toBe(before);
      const calls = system.alpha.count('/token');
      const back = await raw(without, `${answer.pathname}${answer.search}`, { host, headers: [cookieOf(waiting)] });
      expect(back.status).toBe(404);
      expect(system.alpha.count('/token')).toBe(calls);
      const token = (body: Record<string, string>) =>
        raw(without, '/token', { host, method: 'POST', headers: [form], body: new URLSearchParams(body).toString() });
      const exchanged = await token({
        grant_type: 'authorization_code',
        client_id: coded.client.client_id,
        code,
        code_verifier: coded.pkce.code_verifier,
        redirect_uri: coded.client.redirect_uri,
      });
      expect(exchanged.body).toContain('"invalid_grant"');
      const refreshed = await token({ grant_type: 'refresh_token', client_id, refresh_token: tokens.refresh_token });
      expect(refreshed.body).toContain('"invalid_grant"');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    // Where it is still configured all of it goes on.
    expect(
      (await open.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' })).location?.searchParams.has('code'),
    ).toBe(true);
    expect((await refresh(system, held.client, tokens.refresh_token)).status).toBe(200);
  });
});

describe('the demonstration’s own people', () => {
  it('sign in as before while all this went on', async () => {
    const { tokens } = await login(system, { login: 'bob', tenant: 'globex', scope: ['read'] });
    expect(tokens.scope).toBe('read');
    const browser = openBrowser();
    await browser.get(authorizeUrl(system, await register(system), pkce()));
    await signIn(browser, 'carol');
    expect(wordsOf(browser.page.body)).toContain('you are an Administrator here');
  });
});
