/** A person at a real browser: goes through the pages by what they say, and keeps a picture of each. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const pictures = join(process.cwd(), 'test-results', 'e2e');

/** The address on which an app waits for its answer, as desktop apps do. */
export interface Callback {
  readonly url: string;
  /** Every answer that came, oldest first. */
  readonly answers: readonly URL[];
  next(): Promise<URL>;
  close(): Promise<void>;
}

export async function openCallback(path = '/callback'): Promise<Callback> {
  const answers: URL[] = [];
  const waiting: ((url: URL) => void)[] = [];
  let taken = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
    response.writeHead(url.pathname === path ? 200 : 404, { 'Content-Type': 'text/plain', Connection: 'close' });
    response.end('The app has your answer. You can close this tab.');
    if (url.pathname !== path) return;
    answers.push(url);
    const waiter = waiting.shift();
    if (waiter === undefined) return;
    taken += 1;
    waiter(url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    answers,
    next: () => {
      const early = answers[taken];
      if (early === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      return Promise.resolve(early);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** One window of one person: cookies of its own, nothing but loopback reachable. */
export interface Window {
  readonly page: Page;
  /** What the browser blocked or complained about. */
  readonly complaints: readonly string[];
  /** Titles of the pages that were pictured, in order. */
  readonly seen: readonly string[];
  picture(): Promise<void>;
  close(): Promise<void>;
}

export async function openWindow(browser: Browser, name: string, options: BrowserContextOptions = {}): Promise<Window> {
  mkdirSync(pictures, { recursive: true });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.route(
    ({ hostname }) => hostname !== 'localhost' && hostname !== '127.0.0.1',
    (route) => route.abort(),
  );
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  const seen: string[] = [];
  // An identity provider's icon that is not there is nobody's complaint.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    page,
    complaints,
    seen,
    picture: async () => {
      seen.push(await page.title());
      await page.screenshot({ path: join(pictures, `${name}-${seen.length}.png`), fullPage: true });
    },
    close: () => context.close(),
  };
}

export interface Visit {
  readonly login: string;
  /** The workspace to choose, by the name on the page; the one that is offered first when left out. */
  readonly workspace?: string;
  /** The titles of the boxes to tick beside those that are ticked already. */
  readonly tick?: readonly string[];
  readonly decision?: 'Approve' | 'Deny';
}

export const words = async (page: Page): Promise<string> => (await page.locator('main').innerText()).replace(/\s+/g, ' ');

const heading = (page: Page): Promise<string> => page.locator('h1').innerText();

async function enterCode(window: Window): Promise<void> {
  const { page } = window;
  await window.picture();
  await page.getByLabel('One-time code').fill(await page.locator('#current-code').innerText());
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** From the sign-in page through the identity provider, as far as it goes by itself. */
export async function signInAs(window: Window, login: string): Promise<void> {
  const { page } = window;
  await window.picture();
  await page.getByRole('button', { name: /Continue with Demo Company/ }).click();
  await window.picture();
  await page.getByLabel('User name').fill(login);
  await page.getByLabel('Password').fill('demo');
  await page.getByRole('button', { name: 'Sign in' }).click();
  if ((await heading(page)).includes('6-digit code')) await enterCode(window);
}

/** Opens the app's address, signs in, and stands before the decision. */
export async function walkToDecision(window: Window, url: URL, { login, workspace, tick = [] }: Visit): Promise<void> {
  const { page } = window;
  await page.goto(url.href);
  await signInAs(window, login);
  const choose = workspace === undefined ? null : page.getByRole('button', { name: `Choose… ${workspace}` });
  if (choose !== null && (await choose.count()) > 0) {
    await window.picture();
    await choose.click();
    if ((await heading(page)).includes('6-digit code')) await enterCode(window);
  }
  for (const title of tick) await page.getByRole('checkbox', { name: title }).check();
  await window.picture();
}

/** The whole way; what the app is told is at its callback. */
export async function walk(window: Window, url: URL, visit: Visit, callback: Callback): Promise<URL> {
  await walkToDecision(window, url, visit);
  const answer = callback.next();
  await window.page.getByRole('button', { name: visit.decision ?? 'Approve', exact: true }).click();
  return answer;
}
