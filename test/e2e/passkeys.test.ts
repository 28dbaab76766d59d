/** Passkeys at a real browser with a device of its own: set up, used, cancelled, added, and done without. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, CDPSession } from 'playwright-core';
import { stepAt } from '../../src/domain/second-factor.ts';
import { oneTimeCodes } from '../../src/platform/one-time-codes.ts';
import { secondFactors } from '../../src/stores/collections.ts';
import { openCallback, openWindow, words } from '../support/chromium-walk.ts';
import type { Callback, Window } from '../support/chromium-walk.ts';
import { authorizeUrl, claimsOf, pkce, redeem, register } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { ownFactorEverywhere } from '../support/own-factor-config.ts';
import { launchChromium } from '../support/pages-chromium.ts';
import { needs } from '../support/prerequisites.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

const slow = 60_000;

/** What the browser takes for a fingerprint reader of this computer. */
interface Device {
  /** Whether its person lets it do what it is asked. */
  willing(is: boolean): Promise<void>;
  credentials(): Promise<{ isResidentCredential: boolean; signCount: number }[]>;
}

async function openDevice({ page }: Window): Promise<Device> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    willing: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  };
}

needs('chromium', 'passkeys in a real browser', () => {
  let system: System;
  let browser: Browser;
  let callback: Callback;
  const open: Window[] = [];

  beforeAll(async () => {
    [system, browser, callback] = await Promise.all([startSystem({ configure: ownFactorEverywhere }), launchChromium(), openCallback()]);
  }, slow);
  afterAll(async () => {
    await Promise.all(open.map((window) => window.close()));
    await Promise.all([browser.close(), callback.close(), system.close()]);
  }, slow);

  async function openAt(name: string, options: BrowserContextOptions = {}): Promise<Window> {
    const window = await openWindow(browser, `passkeys-${name}`, options);
    open.push(window);
    return window;
  }

  const acmeWants = (phishingResistant: boolean) =>
    system.restart((config) => ({
      ...config,
      tenants: config.tenants.map((tenant) => (tenant.id === 'acme' ? { ...tenant, require: { mfa: true, phishingResistant } } : tenant)),
    }));

  /** From an app up to the page of our own second factor; what the app gets in the end. */
  async function arrive({ page }: Window, login: string): Promise<() => Promise<Tokens>> {
    const client = await register(system, { redirect_uris: [callback.url] });
    const secrets = pkce();
    await page.goto(authorizeUrl(system, client, secrets, { scope: 'read' }).href);
    await page.getByRole('button', { name: /Continue with Demo Company/ }).click();
    // Whoever is asked again, because nothing was proven or too long ago, answers again.
    for (let tries = 0; tries < 3 && (await page.getByLabel('Password').count()) > 0; tries += 1) {
      await page.getByLabel('User name').fill(login);
      await page.getByLabel('Password').fill('demo');
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    return async () => {
      const answer = callback.next();
      await page.getByRole('button', { name: 'Approve', exact: true }).click();
      const { client_id, redirect_uri } = client;
      const code = (await answer).searchParams.get('code') ?? '';
      const response = await redeem(system, { client_id, code, code_verifier: secrets.code_verifier, redirect_uri });
      return (await response.json()) as Tokens;
    };
  }

  it(
    'is set up on this computer, and used at the next sign-in; what the person does not allow is not sent',
    async () => {
      const window = await openAt('bob');
      const { page, picture } = window;
      const device = await openDevice(window);
      const sent: string[] = [];
      page.on('request', (request) => {
        if (request.method() === 'POST' && request.url().endsWith('/passkey')) sent.push(request.url());
      });
      const first = await arrive(window, 'bob');
      await picture();
      expect(await words(page)).toContain('With a passkey');

      await device.willing(false);
      await page.getByRole('button', { name: 'Use a passkey' }).click();
      await page.getByText('Nothing was sent. Press the button to try once more.').waitFor();
      await picture();
      expect([sent, await device.credentials(), await system.engine.page(secondFactors)]).toEqual([[], [], []]);

      await device.willing(true);
      await page.getByRole('button', { name: 'Use a passkey' }).click();
      await page.getByText('Save your recovery codes').waitFor();
      await picture();
      expect(await device.credentials()).toMatchObject([{ isResidentCredential: true }]);
      await page.getByRole('button', { name: 'I have saved them' }).click();
      expect(claimsOf((await first()).access_token)).toMatchObject({ tenant: 'globex', acr: 'urn:drawbridge:acr:phr' });

      const again = await arrive(window, 'bob');
      await picture();
      await page.getByRole('button', { name: 'Use my passkey' }).click();
      await page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
      expect(claimsOf((await again()).access_token)).toMatchObject({ amr: expect.arrayContaining(['pop']) });
      expect(await system.engine.page(secondFactors)).toMatchObject([
        { passkeys: [{ counter: 2, transports: ['internal'] }], failures: 0 },
      ]);
      expect([sent.length, window.complaints]).toEqual([2, []]);
    },
    slow,
  );

  it(
    'without JavaScript the app works as ever, and where only a passkey would do the page says so; with it a passkey is added',
    async () => {
      const plain = await openAt('alice-plain', { javaScriptEnabled: false, viewport: { width: 375, height: 800 }, colorScheme: 'dark' });
      await acmeWants(false);
      const finish = await arrive(plain, 'alice');
      await plain.picture();
      expect(await plain.page.getByRole('button', { name: 'Use a passkey' }).isVisible()).toBe(false);
      expect(await words(plain.page)).toMatch(/^Set up a second step .*1\. Scan this/);
      const secret = ((await plain.page.locator('.key').textContent()) ?? '').replaceAll(' ', '');
      const code = (offset: number) => oneTimeCodes.codeAt(secret, stepAt(system.clock.now()) + offset);
      await plain.page.getByLabel('Code', { exact: true }).fill(code(-1));
      await plain.page.getByRole('button', { name: 'Turn it on' }).click();
      await plain.page.getByRole('button', { name: 'I have saved them' }).click();
      expect(claimsOf((await finish()).access_token)).toMatchObject({ tenant: 'acme', acr: 'urn:drawbridge:acr:mfa' });

      await acmeWants(true);
      await arrive(plain, 'alice');
      await plain.page.getByLabel('Code', { exact: true }).fill(code(0));
      await plain.page.getByRole('button', { name: 'Continue' }).click();
      await plain.picture();
      expect(await words(plain.page)).toMatch(/Add a passkey .*This browser can’t use a passkey here/);
      expect(await plain.page.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false);
      expect(await plain.page.getByRole('button', { name: 'Go on without it' }).isVisible()).toBe(true);

      const window = await openAt('alice', { viewport: { width: 375, height: 800 }, colorScheme: 'dark' });
      await openDevice(window);
      system.clock.advance(30_000);
      const last = await arrive(window, 'alice');
      await window.page.getByLabel('Code', { exact: true }).fill(code(0));
      await window.page.getByRole('button', { name: 'Continue' }).click();
      await window.picture();
      expect(await words(window.page)).not.toContain('This browser can’t');
      await window.page.getByRole('button', { name: 'Add a passkey' }).click();
      await window.page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
      expect(claimsOf((await last()).access_token)).toMatchObject({ tenant: 'acme', acr: 'urn:drawbridge:acr:phr' });

      const strict = await arrive(window, 'alice');
      await window.picture();
      expect(await words(window.page)).toContain('a code does not, so none is asked for here');
      await window.page.getByRole('button', { name: 'Use my passkey' }).click();
      await window.page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
      await strict();
      expect([window.complaints, plain.complaints]).toEqual([[], []]);
    },
    slow,
  );
});
