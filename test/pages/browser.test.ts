/** The pages in a real browser: pictures to look at, automated accessibility, narrow screens, and hostile samples let loose. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { passkeyScript } from '../../src/pages/passkey-script.ts';
import { catalogue, hostilePages } from '../support/pages-catalogue.ts';
import { launchChromium } from '../support/pages-chromium.ts';
import { servePages } from '../support/pages-server.ts';
import type { PagesServer } from '../support/pages-server.ts';
import { needs } from '../support/prerequisites.ts';

const pictures = join(process.cwd(), 'test-results', 'pages');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const themes = ['light', 'dark'] as const;
const slow = 600_000;

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  passes: number;
}

const openDetails = `document.querySelectorAll('details').forEach((details) => { details.open = true; })`;

async function axe(page: Page): Promise<AxeResult> {
  await page.evaluate(axeSource);
  return page.evaluate(
    `axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(({ violations, passes }) => ({ violations, passes: passes.length }))`,
  );
}

needs('chromium', 'pages in Chromium', () => {
  let browser: Browser;
  let server: PagesServer;
  let unprotected: PagesServer;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    [browser, server, unprotected] = await Promise.all([launchChromium(), servePages(true), servePages(false)]);
  }, slow);
  afterAll(async () => {
    await Promise.all([browser.close(), server.close(), unprotected.close()]);
  });

  /** A page that can reach loopback and nothing else, and that notes what its policy blocked. */
  async function within<T>(options: BrowserContextOptions, use: (page: Page, complaints: string[]) => Promise<T>): Promise<T> {
    const context = await browser.newContext(options);
    try {
      await context.route(
        (url) => url.hostname !== '127.0.0.1',
        (route) => route.abort(),
      );
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog ${dialog.message()}`);
        void dialog.dismiss();
      });
      return await use(page, complaints);
    } finally {
      await context.close();
    }
  }

  const settings = themes.flatMap((colorScheme) => [375, 1280].map((width) => ({ colorScheme, width })));

  it(
    'are pictured at 375 and 1280 in both themes, with nothing the policy has to block',
    async () => {
      const take = ({ colorScheme, width }: (typeof settings)[number]): Promise<void> =>
        within({ colorScheme, viewport: { width, height: 800 } }, async (page, complaints) => {
          for (const { name } of catalogue) {
            await page.goto(`${server.origin}/${name}`);
            await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${String(width)}.png`), fullPage: true });
            expect({ name, complaints: complaints.filter((line) => /Content Security|dialog/.test(line)) }).toEqual({
              name,
              complaints: [],
            });
          }
        });
      await Promise.all(settings.map(take));
    },
    slow,
  );

  it.each([320, 1280])(
    'have no automated accessibility finding at %d px in either theme',
    async (width) => {
      const judge = (colorScheme: (typeof themes)[number]): Promise<void> =>
        within({ colorScheme, bypassCSP: true, viewport: { width, height: 800 } }, async (page) => {
          for (const { name } of catalogue) {
            await page.goto(`${server.origin}/${name}`);
            await page.evaluate(openDetails);
            const { passes, violations } = await axe(page);
            const findings = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.failureSummary + node.html) }));
            expect({ name, findings, ran: passes > 10 }).toEqual({ name, findings: [], ran: true });
          }
        });
      await Promise.all(themes.map(judge));
    },
    slow,
  );

  it('the accessibility check sees a planted fault', async () => {
    await within({ bypassCSP: true }, async (page) => {
      await page.setContent('<!doctype html><html><body><img src="x"><input></body></html>');
      const { violations } = await axe(page);
      expect(violations.map(({ id }) => id)).toEqual(expect.arrayContaining(['html-has-lang', 'image-alt', 'label']));
    });
  });

  it(
    'never scroll sideways at 320 px, nor at twice the text size, and every target is 44 px high',
    async () => {
      await within({ viewport: { width: 320, height: 640 } }, async (page) => {
        for (const { name } of catalogue) {
          await page.goto(`${server.origin}/${name}`);
          await page.evaluate(openDetails);
          const small = await page.evaluate(
            `[...document.querySelectorAll('button:not([hidden]), summary, footer a, a.button, label:has(input), input:not([type=hidden]):not([type=checkbox])')]
            .filter((target) => target.getBoundingClientRect().height < 43.5).map((target) => target.outerHTML)`,
          );
          const once = await page.evaluate('document.documentElement.scrollWidth');
          await page.evaluate(
            `document.documentElement.classList.add('probe'), document.styleSheets[0].insertRule('.probe { font-size: 200%; }')`,
          );
          const twice = await page.evaluate('document.documentElement.scrollWidth');
          expect({ name, small, once, twice }).toEqual({ name, small: [], once: 320, twice: 320 });
        }
      });
    },
    slow,
  );

  it(
    'hostile samples stay text even without any policy [W81]',
    async () => {
      await within({}, async (page, complaints) => {
        for (const { name } of hostilePages) {
          await page.goto(`${unprotected.origin}/${name}`, { waitUntil: 'load' });
          const found = await page.evaluate(
            `({ owned: document.title === 'owned' || document.documentElement.innerHTML.includes('<img src="x"'),
              alien: [...document.querySelectorAll('script:not([src="${passkeyScript.path}"]:empty), img[src="x"], [onerror], [onload], [onfocus], [autofocus]:not(#email[aria-invalid], [name="group"][aria-invalid])')].length,
              off: [...document.querySelectorAll('form')].filter((form) => new URL(form.action).origin !== location.origin).length })`,
          );
          const dialogs = complaints.filter((line) => line.startsWith('dialog'));
          expect({ name, found, dialogs }).toEqual({ name, found: { owned: false, alien: 0, off: 0 }, dialogs: [] });
        }
        await page.setContent(`<img src=x onerror="document.title='owned'">`);
        await page.waitForFunction(`document.title === 'owned'`);
      });
    },
    slow,
  );

  it(
    'pressing Enter in a box of the decision decides nothing; pressing the button does',
    async () => {
      await within({}, async (page) => {
        await page.goto(`${server.origin}/consent.everyday`);
        await page.focus('input[name=scope][value="invoices.write"]');
        await page.keyboard.press('Space');
        await page.keyboard.press('Enter');
        await page.waitForTimeout(300);
        expect(server.posts).toEqual([]);
        const posted = page.waitForRequest((request) => request.method() === 'POST');
        await page.click('button[value=approve]');
        expect((await posted).postData()).toBe(
          'transaction=sample-transaction&csrf=sample-csrf&shown_tenant=acme-inc&scope=invoices.read&scope=invoices.write&decision=approve',
        );
      });
    },
    slow,
  );

  it('the focus outline is three pixels, on everything that takes focus', async () => {
    await within({}, async (page) => {
      await page.goto(`${server.origin}/consent.everyday`);
      const seen: string[] = [];
      for (let step = 0; step < 10; step += 1) {
        await page.keyboard.press('Tab');
        seen.push(
          await page.evaluate(
            `(() => { const at = document.activeElement; const shown = at.matches('.choice input') ? at.closest('.choice') : at;
              const style = getComputedStyle(shown); return at.tagName + ' ' + style.outlineStyle + ' ' + style.outlineWidth; })()`,
          ),
        );
      }
      expect(seen).toEqual([
        'A solid 3px',
        'BUTTON solid 3px',
        'BUTTON solid 3px',
        'INPUT solid 3px',
        'INPUT solid 3px',
        'BUTTON solid 3px',
        'BUTTON solid 3px',
        'A solid 3px',
        'A solid 3px',
        expect.stringContaining(''),
      ]);
    });
  });
});
