import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { stepAt } from '../../src/domain/second-factor.ts';
import { oneTimeCodes } from '../../src/platform/one-time-codes.ts';
import { secondFactors } from '../../src/stores/collections.ts';
import type { Browser } from '../support/browser.ts';
import { wordsOf } from '../support/browser.ts';
import { authorizeUrl, callTool, claimsOf, openBrowser, pkce, redeem, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

/** The demonstration behind an identity provider that proves no second factor, with Globex taking ours. */
const configure = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((connection) =>
    connection.type === 'oidc'
      ? { ...connection, mfa: { acr_values: [], acr: [], amr: [], phishingResistant: { acr: [], amr: [] } } }
      : connection,
  ),
  tenants: config.tenants.map((tenant) => (tenant.id === 'globex' ? { ...tenant, ownSecondFactor: true } : tenant)),
});

let system: System;
beforeAll(async () => {
  system = await startSystem({ configure });
});
afterAll(() => system.close());

interface Visit {
  readonly browser: Browser;
  finish(): Promise<Tokens>;
}

/** Up to the page of our own second factor: whoever is asked for the password again gives it again. */
async function arrive(login: string): Promise<Visit> {
  const [client, secrets] = [await register(system), pkce()];
  const browser = openBrowser();
  await browser.get(authorizeUrl(system, client, secrets, { scope: 'read' }));
  await signIn(browser, login);
  if (browser.page.body.includes('name="password"')) await browser.submit({ login, password: 'demo' });
  const finish = async () => {
    await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    const { client_id, redirect_uri } = client;
    const code = browser.location?.searchParams.get('code') ?? '';
    const response = await redeem(system, { client_id, code, code_verifier: secrets.code_verifier, redirect_uri });
    expect(response.status).toBe(200);
    return (await response.json()) as Tokens;
  };
  return { browser, finish };
}

const secretOn = ({ page }: Browser): string => (/<code class="key">([^<]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '');
const codesOn = ({ page }: Browser): string[] => [...page.body.matchAll(/<li><code>([^<]+)</g)].map((match) => match[1] ?? '');
const codeOf = (secret: string, offset = 0): string => oneTimeCodes.codeAt(secret, stepAt(system.clock.now()) + offset);
const wrongFor = (secret: string): string => String((Number(codeOf(secret)) + 500_000) % 1_000_000).padStart(6, '0');
const rows = () => system.engine.page(secondFactors);

describe('a tenant that demands a second factor, behind an identity provider that proves none', () => {
  let secret = '';
  let codes: string[] = [];
  /** The code that confirmed it; the next one is good too, whatever the clock does in between. */
  let used = '';

  it('has the person set one up, confirm it, save the recovery codes, and issues tokens that say so', async () => {
    const { browser, finish } = await arrive('bob');
    expect([browser.page.status, wordsOf(browser.page.body)]).toEqual([200, expect.stringContaining('Set up a second step')]);
    expect(browser.page.body).toMatch(/<svg class="qr"[\s\S]+<path class="qr-dark" d="M/);
    secret = secretOn(browser);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);

    await system.restart();
    await browser.get(browser.page.url);
    expect(secretOn(browser)).toBe(secret);
    await browser.submit({ code: wrongFor(secret) }, { form: '/factor/enrol' });
    expect([browser.page.status, wordsOf(browser.page.body), await rows()]).toEqual([422, expect.stringContaining('4 tries left'), []]);
    expect(secretOn(browser)).toBe(secret);

    used = codeOf(secret);
    await browser.submit({ code: used }, { form: '/factor/enrol' });
    codes = codesOn(browser);
    expect(new Set(codes).size).toBe(10);
    const page = browser.page.url;
    await browser.get(page);
    expect(codesOn(browser)).toEqual(codes);
    await browser.submit({}, { form: '/factor/saved' });
    expect(wordsOf(browser.page.body)).not.toContain('recovery');
    const tokens = await finish();
    expect(claimsOf(tokens.access_token)).toMatchObject({ acr: 'urn:drawbridge:acr:mfa', amr: expect.arrayContaining(['otp']) });
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    expect(await rows()).toHaveLength(1);
  });

  it('asks for the code from then on, takes no form that is not its own, and no code twice', async () => {
    const { browser, finish } = await arrive('bob');
    expect(wordsOf(browser.page.body)).toContain('Enter your 6-digit code');
    expect(browser.page.body).not.toContain(secret);
    const form = browser.form('/factor');
    const before = await rows();
    const right = { ...Object.fromEntries(form.fields), code: codeOf(secret, 1) };
    const stranger = openBrowser();
    await stranger.post(form.action, new URLSearchParams(right));
    expect(stranger.page.status).toBe(403);
    const { url } = browser.page;
    await browser.post(form.action, new URLSearchParams({ ...right, csrf: 'x' }));
    expect([browser.page.status, await rows()]).toEqual([403, before]);
    await browser.get(url);
    await browser.submit({ code: used }, { form: 'Continue' });
    expect([browser.page.status, wordsOf(browser.page.body)]).toEqual([422, expect.stringContaining('or was used already')]);
    await browser.submit({ code: codeOf(secret, 1) }, { form: 'Continue' });
    const tokens = await finish();
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
  });

  it('takes a recovery code once, and nothing of it all is in the log', async () => {
    const [code = ''] = codes;
    const { browser, finish } = await arrive('bob');
    await browser.submit({ recovery: code.toLowerCase().replaceAll('-', ' ') }, { form: 'Use recovery code' });
    await finish();
    const again = await arrive('bob');
    await again.browser.submit({ recovery: code }, { form: 'Use recovery code' });
    expect([again.browser.page.status, wordsOf(again.browser.page.body)]).toEqual([
      422,
      expect.stringContaining('That recovery code didn’t match'),
    ]);
    const log = system.lines.join('\n');
    expect(log).toContain('/factor');
    for (const value of [secret, ...codes, ...codes.map((each) => each.replaceAll('-', ''))]) expect(log).not.toContain(value);
  });

  it('goes on without it to the page that says what is missing, and from there back to the question', async () => {
    const { browser } = await arrive('bob');
    await browser.submit({}, { form: 'Go on without it' });
    expect([browser.page.status, wordsOf(browser.page.body)]).toEqual([403, expect.stringContaining('A second sign-in step is missing')]);
    await browser.submit({}, { form: 'Try again' });
    expect(wordsOf(browser.page.body)).toContain('Enter your 6-digit code');
  });

  it('counts answers by address, and judges none beyond the limit', async () => {
    await system.restart((config) => ({ ...config, limits: { ...config.limits, answersPerMinute: 1 } }));
    const { browser } = await arrive('bob');
    const { url } = browser.page;
    await browser.submit({ code: 'one' }, { form: 'Continue' });
    await browser.get(url);
    await browser.submit({ code: 'two' }, { form: 'Continue' });
    const [first, then] = [await rows(), browser.page];
    expect([then.status, wordsOf(then.body)]).toEqual([429, expect.stringContaining('Too many tries')]);
    expect(first).toEqual([expect.objectContaining({ failures: 2 })]);
  });
});
