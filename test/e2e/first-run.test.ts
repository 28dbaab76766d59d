/** The first run as a stranger meets it: the real process, the official SDK as the app, and people at a real browser. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { claimsOf } from '../support/client.ts';
import { openCallback, openWindow, signInAs, walk, walkToDecision, words } from '../support/chromium-walk.ts';
import type { Callback, Visit, Window } from '../support/chromium-walk.ts';
import { launchChromium } from '../support/pages-chromium.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, startProduct } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { App, modern, openSession } from './support/sdk-app.ts';
import type { Session } from './support/sdk-app.ts';
import { roleMissing, texts } from './support/sdk-scenarios.ts';

const slow = 60_000;
const phone = { viewport: { width: 375, height: 800 } };

needs('chromium', 'the first run in a real browser', () => {
  let product: Product;
  let browser: Browser;
  const open: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct(), launchChromium()]);
  }, slow);
  afterAll(async () => {
    await Promise.all(open.map((each) => each.close()));
    await browser.close();
    await product.stop();
    await removeTemporaryFolders();
  }, slow);

  /** An app on this computer, and a person at a window of their own who answers what it opens. */
  async function arrive(name: string, visit: Visit, options: BrowserContextOptions = {}) {
    const [window, callback] = await Promise.all([openWindow(browser, name, options), openCallback()]);
    open.push(window, callback);
    const app = new App('Lantern', (url) => walk(window, url, visit, callback), { redirectUrl: callback.url });
    return { window, callback, app };
  }

  async function connect(app: App): Promise<Session> {
    const session = await openSession(app, modern(app, product.mcp));
    open.push(session);
    return session;
  }

  const whoami = async (session: Session) => (await session.call('whoami')).structuredContent;

  it(
    '[UP-03] [UP-04] [CH-03] alice in Acme: the address alone, one sign-in, one decision, and her tools work',
    async () => {
      const { window, callback, app } = await arrive('alice-acme', { login: 'alice' });
      app.person = async (url) => {
        await walkToDecision(window, url, { login: 'alice' });
        const shown = await words(window.page);
        for (const fact of ['“Lantern”', 'Demo Notes', 'Alice Archer', 'alice@demo.example', 'Acme', new URL(callback.url).host])
          expect(shown).toContain(fact);
        await expect(window.page.getByRole('checkbox', { name: 'Look at notes' }).isChecked()).resolves.toBe(true);
        await expect(window.page.getByRole('checkbox', { name: 'Add and delete notes' }).isChecked()).resolves.toBe(false);
        await expect(window.page.getByRole('button', { name: 'Deny', exact: true }).isEnabled()).resolves.toBe(true);
        await window.page.getByRole('checkbox', { name: 'Add and delete notes' }).check();
        await window.page.getByRole('button', { name: 'Approve', exact: true }).click();
        return callback.next();
      };
      const session = await connect(app);
      expect(await whoami(session)).toMatchObject({ name: 'Alice Archer', tenant: 'acme', roles: ['editor'], client: 'Lantern' });
      expect(await session.toolNames()).toEqual(['add_note', 'list_notes', 'whoami']);
      await session.call('add_note', { text: 'from the first run' });
      expect(texts(await session.call('list_notes'))).toEqual(['from the first run']);
      expect(window.seen).toHaveLength(3);
      expect(window.complaints).toEqual([]);
    },
    slow,
  );

  it(
    '[AM-08] [AB-04] alice in Globex: the workspace she chooses asks for a one-time code first, and she may only look',
    async () => {
      const { window, app } = await arrive('alice-globex', { login: 'alice', workspace: 'Globex' }, { ...phone, colorScheme: 'dark' });
      const session = await connect(app);
      expect(await whoami(session)).toMatchObject({ name: 'Alice Archer', tenant: 'globex', roles: ['viewer'] });
      expect(claimsOf(app.grant.access_token)).toMatchObject({ scope: 'read', amr: expect.arrayContaining(['mfa']) });
      expect(window.seen[3]).toContain('One-time code');
      await expect(session.call('add_note', { text: 'no' })).rejects.toMatchObject({ code: roleMissing });
      expect(window.complaints).toEqual([]);
    },
    slow,
  );

  it(
    '[AM-08] bob, only in Globex: straight from his password to the one-time code',
    async () => {
      const { window, app } = await arrive('bob', { login: 'bob' }, { colorScheme: 'dark' });
      expect(await whoami(await connect(app))).toMatchObject({ name: 'Bob Baker', tenant: 'globex', roles: ['viewer'] });
      expect(window.seen.map((title) => title.split(' · ')[0])).toEqual([
        expect.stringContaining('Sign in'),
        'Sign in',
        'One-time code',
        expect.stringContaining('Demo Notes'),
      ]);
      expect(window.complaints).toEqual([]);
    },
    slow,
  );

  it(
    'erin in Initech: what her role does not allow is greyed, with the reason beside it',
    async () => {
      const { window, callback, app } = await arrive('erin', { login: 'erin' });
      app.person = async (url) => {
        await walkToDecision(window, url, { login: 'erin' });
        expect(await words(window.page)).toMatch(/Not available: in Initech you are a Viewer.*needs the Editor or Administrator role/);
        expect(await window.page.getByRole('checkbox').count()).toBe(1);
        await window.page.getByRole('button', { name: 'Approve', exact: true }).click();
        return callback.next();
      };
      expect(await whoami(await connect(app))).toMatchObject({ name: 'Erin Evans', tenant: 'initech', roles: ['viewer'] });
    },
    slow,
  );

  it(
    'carol administers Acme: she sees what alice wrote, and deletes it',
    async () => {
      const { app } = await arrive('carol', { login: 'carol', tick: ['Add and delete notes'] }, phone);
      const session = await connect(app);
      expect(await whoami(session)).toMatchObject({ name: 'Carol Cooper', tenant: 'acme', roles: ['admin'] });
      await session.call('add_note', { text: 'another' });
      expect(texts(await session.call('list_notes'))).toContain('another');
      await session.call('delete_notes');
      expect(texts(await session.call('list_notes'))).toEqual([]);
    },
    slow,
  );

  it(
    'dave, in no workspace: is told so, whom to ask and how to sign in as somebody else, and the app is told nothing',
    async () => {
      const { window, callback, app } = await arrive('dave', { login: 'dave' });
      const refused = new Error('refused');
      app.person = async (url) => {
        await window.page.goto(url.href);
        await signInAs(window, 'dave');
        await window.picture();
        throw refused;
      };
      await expect(connect(app)).rejects.toBe(refused);
      const shown = await words(window.page);
      expect(shown).toContain('nobody has given you access to Demo Notes');
      expect(shown).toContain('Ask Demo Company IT for access');
      expect(shown).toMatch(/DB-[2-9A-Z]{4}-[2-9A-Z]{4}/);
      expect(callback.answers).toEqual([]);
      expect(app.kept).toBeUndefined();
      await otherAccount(window, callback);
    },
    slow,
  );

  /** From the refusal on, in the same window, as somebody who has access. */
  async function otherAccount(window: Window, callback: Callback): Promise<void> {
    const { page } = window;
    await page.getByRole('button', { name: 'Sign in with another account' }).click();
    await window.picture();
    await page.getByLabel('User name').fill('erin');
    await page.getByLabel('Password').fill('demo');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await words(page)).toContain('Erin Evans');
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    expect((await callback.next()).searchParams.get('code')).toMatch(/^db_ac_/);
  }

  it(
    '[CH-04] deny: the app is told that alice said no, by name and with the state it sent, and nothing else',
    async () => {
      const { window, callback, app } = await arrive('deny', { login: 'alice', decision: 'Deny' });
      await expect(connect(app)).rejects.toMatchObject({ code: 'access_denied' });
      const [answer] = callback.answers;
      expect(Object.fromEntries(answer?.searchParams ?? [])).toEqual({
        error: 'access_denied',
        state: app.opened[0]?.searchParams.get('state'),
        iss: product.issuer,
      });
      expect(app.kept).toBeUndefined();
      expect(window.complaints).toEqual([]);
    },
    slow,
  );

  it(
    'a person who changes their mind: leaving the identity provider leads back with a word, and stopping tells the app nothing',
    async () => {
      const { window, callback, app } = await arrive('stop', { login: 'alice' });
      const stopped = new Error('stopped');
      app.person = async (url) => {
        const { page } = window;
        await page.goto(url.href);
        await page.getByRole('button', { name: /Continue with Demo Company/ }).click();
        await page.getByRole('link', { name: 'Go back without signing in' }).click();
        await window.picture();
        await page.getByRole('button', { name: 'Go back' }).click();
        await window.picture();
        expect(await words(page)).toContain('The sign-in was not finished');
        await page.getByRole('button', { name: 'Stop, I didn’t start this' }).click();
        await window.picture();
        throw stopped;
      };
      await expect(connect(app)).rejects.toBe(stopped);
      expect(await words(window.page)).toContain('Nothing was shared');
      expect(callback.answers).toEqual([]);
      expect(window.complaints).toEqual([]);
    },
    slow,
  );
});
