/** An administrator in a real browser: signs in, tries a change to the rules, publishes it, and somebody else can do less a moment later. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { openWindow, signInAs, words } from '../support/chromium-walk.ts';
import type { Window } from '../support/chromium-walk.ts';
import { callTool, login } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { launchChromium } from '../support/pages-chromium.ts';
import { needs } from '../support/prerequisites.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

const slow = 60_000;

needs('chromium', 'the administrators’ pages in a real browser', () => {
  let system: System;
  let browser: Browser;
  let alice: SignedIn;
  const open: Window[] = [];

  beforeAll(async () => {
    [system, browser] = await Promise.all([startSystem(), launchChromium()]);
    alice = await login(system, { login: 'alice', tenant: 'acme' });
  }, slow);
  afterAll(async () => {
    await Promise.all(open.map((window) => window.close()));
    await Promise.all([browser.close(), system.close()]);
  }, slow);

  async function administrator(name: string, login: string): Promise<Window> {
    const window = await openWindow(browser, `console-${name}`);
    open.push(window);
    await window.page.goto(`${system.issuer}/admin`);
    await signInAs(window, login);
    return window;
  }

  async function admitted(window: Window): Promise<void> {
    await window.page.getByRole('checkbox', { name: 'Change who may do what' }).check();
    await window.page.getByRole('button', { name: 'Approve', exact: true }).click();
    await window.picture();
  }

  const adds = async (): Promise<boolean> => {
    const answer = await callTool(system, alice.tokens.access_token, 'add_note', { text: 'x' });
    return answer.status === 200 && (await answer.text()).includes('"result"');
  };

  it(
    'carol sees that alice could no longer make changes, says how many lose something, and it is so within a second',
    async () => {
      const window = await administrator('carol', 'carol');
      const { page } = window;
      await admitted(window);
      expect(new URL(page.url()).pathname).toBe('/admin/workspaces/acme/rules');
      // What is in force was not worked out for anybody.
      expect(await words(page)).not.toContain('Checked');
      await page
        .getByRole('group', { name: /^Rule 1/ })
        .getByLabel('the role')
        .selectOption('Viewer');
      // Return in a field checks the draft, and neither removes nor publishes anything.
      await page
        .getByRole('group', { name: /^Rule 1/ })
        .getByLabel('People in the group')
        .press('Enter');
      await window.picture();
      expect(await words(page)).toMatch(/1 can no longer make changes.*Alice Archer alice@demo\.example.*Editor.*Viewer.* · rule 1/);
      expect(await words(page)).toContain('Published version: role Editor');
      await page.getByLabel('People who lose something').fill('12');
      await page.getByRole('button', { name: 'Publish', exact: true }).click();
      expect(await page.title()).toContain('Error: ');
      // Browsers honour autofocus with a frame they paint, which may come after the page has loaded.
      await page.locator('#losing:focus').waitFor({ timeout: 5_000 });
      await window.picture();
      expect(await adds()).toBe(true);
      await page.getByLabel('People who lose something').fill('1');
      await page.getByLabel('People who lose something').press('Enter');
      expect(await words(page)).toContain('Draft, not published');
      await page.getByLabel('People who lose something').fill('1');
      await page.getByRole('button', { name: 'Publish', exact: true }).click();
      const published = performance.now();
      await page.getByText('These rules hold everywhere now.').waitFor();
      while (await adds()) expect(performance.now() - published).toBeLessThan(2_000);
      await window.picture();
      expect(await words(page)).toContain('There is nothing to publish');
      expect(window.complaints.filter((line) => !/status of 422/.test(line))).toEqual([]);
    },
    slow,
  );

  it(
    'is stopped before locking herself out, and signs out',
    async () => {
      const window = await administrator('locked-out', 'carol');
      const { page } = window;
      await admitted(window);
      await page.getByRole('button', { name: 'Remove rule 2' }).click();
      await window.picture();
      expect(await words(page)).toContain('Publishing this draft would lock you out');
      expect(await page.getByRole('button', { name: 'Publish', exact: true }).isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Put it back published rule 2' }).click();
      expect(await words(page)).toContain('There is nothing to publish');
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(await words(page)).toContain('You are signed out of administration');
      await page.goto(`${system.issuer}/admin/workspaces/acme/rules`);
      expect(new URL(page.url()).pathname).toMatch(/^\/authorize\//);
    },
    slow,
  );

  it(
    'comes back from the sign-in to the page of a link, and gives a rule conditions and an end without any script',
    async () => {
      const window = await openWindow(browser, 'console-deep-link');
      open.push(window);
      const { page } = window;
      await page.goto(`${system.issuer}/admin/workspaces/acme/rules`);
      await signInAs(window, 'carol');
      await admitted(window);
      await page.waitForURL(`${system.issuer}/admin/workspaces/acme/rules`);
      const rule = page.getByRole('group', { name: /^Rule 1/ });
      await rule.getByText(/^More/).click();
      await rule.getByRole('button', { name: /^Add a condition/ }).click();
      await page.locator('#claim-1-1:focus').waitFor({ timeout: 5_000 });
      await page.keyboard.type('/department');
      await page.keyboard.press('Tab');
      await page.keyboard.type('Finance');
      await rule.getByLabel('It ends on (UTC)').fill('2031-01-31T18:00');
      await page.getByRole('button', { name: 'Check this draft' }).click();
      await page.getByText('Published version: no conditions, no end.').waitFor();
      expect(await words(page)).toContain('1 loses access');
      expect(await rule.getByLabel('It ends on (UTC)').inputValue()).toBe('2031-01-31T18:00');
      await window.picture();
      await rule.getByRole('button', { name: /^Remove this condition/ }).click();
      await page.getByText('Published version: no end.').waitFor();
      await rule.getByLabel('It ends on (UTC)').fill('');
      await page.getByRole('button', { name: 'Check this draft' }).click();
      await page.getByText('There is nothing to publish').waitFor();
      expect(window.complaints).toEqual([]);
    },
    slow,
  );

  it(
    'tells whoever administers nothing that they have no access',
    async () => {
      const { page } = await administrator('alice', 'alice');
      expect(await page.locator('h1').innerText()).toContain('You have no access to Administration');
    },
    slow,
  );
});
