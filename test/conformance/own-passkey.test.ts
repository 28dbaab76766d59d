import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auditEvents, secondFactors } from '../../src/stores/collections.ts';
import { ownFactorEverywhere } from '../support/own-factor-config.ts';
import { Authenticator, passkeyAsked } from '../support/authenticator.ts';
import type { Misbehaviour } from '../support/authenticator.ts';
import type { Browser } from '../support/browser.ts';
import { wordsOf } from '../support/browser.ts';
import { authorizeUrl, callTool, claimsOf, openBrowser, pkce, redeem, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import { hookEngine } from '../support/slow-engine.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let latency = 0;
let system: System;
beforeAll(async () => {
  const wrapEngine: NonNullable<Parameters<typeof startSystem>[0]>['wrapEngine'] = (engine) =>
    hookEngine(engine, async (_, when) => {
      if (when === 'before' && latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * latency));
    });
  system = await startSystem({ configure: ownFactorEverywhere, wrapEngine });
});
afterAll(() => system.close());

/** Up to the page of our own second factor: whoever is asked for the password again gives it again. */
async function arrive(login: string): Promise<{ browser: Browser; finish: () => Promise<Tokens> }> {
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

const rows = () => system.engine.page(secondFactors);
const policyOf = ({ page }: Browser) => page.headers.get('content-security-policy') ?? '';
const press = (browser: Browser, answer: unknown) => browser.submit({ passkey: JSON.stringify(answer) }, { form: '/passkey' });

/** What our script does. */
function answerOn({ page }: Browser, device: Authenticator, wrong: Misbehaviour = {}) {
  const { does, options } = passkeyAsked(page.body);
  return does === 'create' ? device.create(options, wrong) : device.get(options, wrong);
}

let device: Authenticator;
beforeEach(() => {
  device ??= new Authenticator(system.issuer, { counts: true });
});

describe('a tenant that demands a second factor, and a person with a passkey', () => {
  it('has them set it up beside the app, through a restart, and issues tokens that say how strong that is', async () => {
    const { browser, finish } = await arrive('bob');
    const words = wordsOf(browser.page.body);
    expect([browser.page.status, words]).toEqual([200, expect.stringContaining('With a passkey')]);
    expect(words).toContain('Scan this with an authenticator app');
    expect(passkeyAsked(browser.page.body)).toMatchObject({
      does: 'create',
      options: { rp: { id: 'localhost' }, attestation: 'none', authenticatorSelection: { userVerification: 'required' } },
    });
    const { options } = passkeyAsked(browser.page.body);
    await system.restart();
    await browser.get(browser.page.url);
    expect(passkeyAsked(browser.page.body).options).toEqual(options);

    await press(browser, answerOn(browser, device, { origin: 'http://localhost:1' }));
    expect([browser.page.status, wordsOf(browser.page.body), await rows()]).toEqual([
      422,
      expect.stringContaining('That passkey wasn’t right for this. 4 tries left'),
      [],
    ]);
    expect(passkeyAsked(browser.page.body).options.challenge).not.toBe(options.challenge);
    await press(browser, answerOn(browser, device));
    expect(wordsOf(browser.page.body)).toContain('Save your recovery codes');
    await browser.submit({}, { form: '/factor/saved' });
    const tokens = await finish();
    expect(claimsOf(tokens.access_token)).toMatchObject({ acr: 'urn:drawbridge:acr:phr', amr: expect.arrayContaining(['pop']) });
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    expect(await rows()).toMatchObject([{ passkeys: [{ id: device.id }] }]);
  });

  it('allows one script, our own, on the pages with a passkey, and on no other', async () => {
    const { browser, finish } = await arrive('bob');
    expect(policyOf(browser)).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; script-src 'self'",
    );
    const scripts = [...browser.page.body.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(scripts).toEqual([expect.stringMatching(/^<script src="\/assets\/passkey-[0-9a-f]{16}\.js" defer>$/)]);
    const path = /src="([^"]+)"/.exec(scripts[0] ?? '')?.[1] ?? '';
    const script = await fetch(`${system.issuer}${path}`);
    expect([script.status, script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
    expect((await script.text()).length).toBeLessThan(4_000);
    await press(browser, answerOn(browser, device));
    expect(wordsOf(browser.page.body)).toContain('Approve');
    expect(policyOf(browser)).not.toContain('script-src');
    expect(browser.page.body).not.toContain('<script');
    await finish();
  });

  it('takes no form that is not its own, and judges nothing that is no answer of a browser', async () => {
    const { browser, finish } = await arrive('bob');
    const { url } = browser.page;
    const form = browser.form('/passkey');
    const right = { ...Object.fromEntries(form.fields), passkey: JSON.stringify(answerOn(browser, device)) };
    const before = await rows();
    const stranger = openBrowser();
    await stranger.post(form.action, new URLSearchParams(right));
    expect(stranger.page.status).toBe(403);
    await browser.post(form.action, new URLSearchParams({ ...right, csrf: 'x' }));
    expect(browser.page.status).toBe(403);
    await browser.post(form.action, new URLSearchParams(right), { 'Sec-Fetch-Site': 'cross-site' });
    expect(browser.page.status).toBe(403);
    const nonsense = [
      '',
      'null',
      '[]',
      '{}',
      '"x"',
      '{"id":',
      '{"id":"AAAA","id":"BBBB"}',
      '{"__proto__":{"id":"AAAA"}}',
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      JSON.stringify({ ...(JSON.parse(right.passkey) as object), id: { $ne: '' } }),
      JSON.stringify({ ...(JSON.parse(right.passkey) as object), type: 'password' }),
    ];
    for (const passkey of nonsense) {
      await browser.post(form.action, new URLSearchParams({ ...right, passkey }));
      expect([passkey.slice(0, 30), browser.page.status]).toEqual([passkey.slice(0, 30), 400]);
    }
    const twice = new URLSearchParams(right);
    twice.append('passkey', right.passkey);
    await browser.post(form.action, twice);
    expect(browser.page.status).toBe(400);
    await browser.post(form.action, new URLSearchParams({ ...right, passkey: 'x'.repeat(70_000) }));
    expect([browser.page.status, await rows()]).toEqual([400, before]);
    // And all the while the challenge stood.
    await browser.get(url);
    await press(browser, JSON.parse(right.passkey));
    await finish();
  });

  it('judges one of two presses at once, and lets the person in, round after round', async () => {
    latency = 4;
    const events = async () => (await system.engine.page(auditEvents, { limit: 1_000 })).map((row) => row['event'] as { event: string });
    const used = async () => (await events()).filter(({ event }) => event === 'factor.used').length;
    const before = await used();
    for (let round = 0; round < 30; round += 1) {
      const { browser } = await arrive('bob');
      const form = browser.form('/passkey');
      const fields = new URLSearchParams({ ...Object.fromEntries(form.fields), passkey: JSON.stringify(answerOn(browser, device)) });
      const cookie = [...browser.cookies(form.action)].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { Cookie: cookie, Origin: system.issuer };
      const presses = [0, 1].map(() => fetch(form.action, { method: 'POST', headers, body: fields, redirect: 'manual' }));
      expect([round, (await Promise.all(presses)).map(({ status }) => status)]).toEqual([round, [303, 303]]);
      await browser.get(browser.page.url);
      expect([round, wordsOf(browser.page.body)]).toEqual([round, expect.stringContaining('Approve')]);
      expect([round, (await rows())[0]?.['failures']]).toEqual([round, 0]);
    }
    latency = 0;
    expect((await used()) - before).toBe(30);
  }, 120_000);

  it('is asked once by two instances: what one has judged, the other does not judge again', async () => {
    const second = await startSecondInstance(system);
    for (let round = 0; round < 5; round += 1) {
      const { browser } = await arrive('bob');
      const form = browser.form('/passkey');
      const wrong = new URLSearchParams({
        ...Object.fromEntries(form.fields),
        passkey: JSON.stringify(answerOn(browser, device, { isForged: true })),
      });
      const cookie = [...browser.cookies(form.action)].map(([name, value]) => `${name}=${value}`).join('; ');
      const here = fetch(form.action, { method: 'POST', headers: { Cookie: cookie }, body: wrong, redirect: 'manual' });
      const there = second.press(form.action.pathname, wrong.toString(), cookie);
      expect([(await here).status, await there].toSorted((a, b) => a - b)).toEqual([303, 422]);
      expect((await rows())[0]?.['failures']).toBe(1);
      await browser.get(browser.page.url);
      const right = { ...Object.fromEntries(form.fields), passkey: JSON.stringify(answerOn(browser, device)) };
      expect(await second.press(form.action.pathname, new URLSearchParams(right).toString(), cookie)).toBe(303);
      await browser.get(browser.page.url);
      expect(wordsOf(browser.page.body)).toContain('Approve');
    }
    await second.close();
  });

  it('with a recovery code instead gets no further than that proves, and nothing of it all is in the log', async () => {
    const { browser } = await arrive('bob');
    const { options } = passkeyAsked(browser.page.body);
    await press(browser, answerOn(browser, device, { counter: 1 }));
    expect([browser.page.status, wordsOf(browser.page.body)]).toEqual([422, expect.stringContaining('4 tries left')]);
    await browser.submit({ recovery: 'AAAA-BBBB-CCCC-DDDD' }, { form: 'Use recovery code' });
    expect([browser.page.status, wordsOf(browser.page.body)]).toEqual([422, expect.stringContaining('That recovery code didn’t match')]);
    const log = system.lines.join('\n');
    expect(log).toContain('/passkey');
    for (const value of [options.challenge, device.id, 'clientDataJSON']) expect(log).not.toContain(value);
    const audit = JSON.stringify(await system.engine.page(auditEvents, { limit: 1_000 }));
    expect(audit).toContain('wrong-answer; passkey: counter went back');
    for (const value of [options.challenge, device.id]) expect(audit).not.toContain(value);
  });
});

describe('a tenant that wants a sign-in nobody could have copied', () => {
  it('has whoever has nothing set up a passkey, and only that; then it asks for it, and takes no code', async () => {
    const hers = new Authenticator(system.issuer);
    const first = await arrive('carol');
    expect(wordsOf(first.browser.page.body)).toContain('Set up a passkey');
    expect(first.browser.page.body).not.toContain('name="code"');
    expect(wordsOf(first.browser.page.body)).toContain('This browser can’t use a passkey here');
    await press(first.browser, answerOn(first.browser, hers));
    const [code = ''] = [...first.browser.page.body.matchAll(/<li><code>([^<]+)</g)].map((match) => match[1] ?? '');
    await first.browser.submit({}, { form: '/factor/saved' });
    expect(claimsOf((await first.finish()).access_token)).toMatchObject({ tenant: 'acme', acr: 'urn:drawbridge:acr:phr' });

    const { browser, finish } = await arrive('carol');
    const { url } = browser.page;
    expect(wordsOf(browser.page.body)).toContain('a code does not, so none is asked for here');
    expect(browser.page.body).not.toMatch(/name="(code|recovery)"/);
    const form = browser.form('/passkey');
    const fields = { ...Object.fromEntries(form.fields), recovery: code };
    await browser.post(new URL(form.action.href.replace('/passkey', '/factor')), new URLSearchParams(fields));
    expect(browser.page.url.pathname).toBe(url.pathname);
    expect(wordsOf(browser.page.body)).toContain('Use your passkey');
    await press(browser, answerOn(browser, hers));
    await finish();
  });

  it('goes on without it to the page that says what is missing', async () => {
    const { browser } = await arrive('carol');
    await browser.submit({}, { form: 'Go on without it' });
    expect(browser.page.status).toBe(403);
  });
});
