/** A stranger's first two minutes: clone, `npm start`, an app, a browser, a tool that answers. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { openCallback, openWindow, walk } from '../support/chromium-walk.ts';
import { launchChromium } from '../support/pages-chromium.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/product-process.ts';
import type { Ready } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { App, modern, openSession } from './support/sdk-app.ts';

const patience = 240_000;
const repository = ['../../../', '../../']
  .map((up) => fileURLToPath(new URL(up, import.meta.url)))
  .find((path) => existsSync(`${path}.git`));

/** The last line of stdout, once the product is ready. */
function readyLine(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const line = out.split('\n').find((each) => each.startsWith('{"ready":true'));
      if (line !== undefined) resolve(JSON.parse(line) as Ready);
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${err.slice(-2000)}`)));
  });
}

needs('chromium', 'from git clone to whoami', () => {
  let browser: Browser;
  let child: ChildProcess | null = null;
  let ready: Ready | null = null;

  beforeAll(async () => {
    browser = await launchChromium();
  }, patience);
  afterAll(async () => {
    await browser.close();
    const gone = new Promise((resolve) => (child === null ? resolve(null) : child.once('exit', resolve)));
    if (ready !== null) process.kill(ready.pid, 'SIGTERM');
    await gone;
    await removeTemporaryFolders();
  }, patience);

  it(
    'takes one command, one sign-in and one decision [AB-01]',
    async () => {
      const clone = join(temporaryFolder(), 'drawbridge');
      execFileSync('git', ['clone', '--quiet', repository ?? '.', clone]);
      const began = Date.now();
      const { PATH, HOME } = process.env;
      const port = await freePorts();
      child = spawn('npm', ['start'], { cwd: clone, env: { PATH, HOME, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] });
      ready = await readyLine(child);
      expect(ready).toMatchObject({ issuer: `http://localhost:${port}`, mcp: `http://localhost:${port}/mcp` });
      const started = Date.now();
      const [window, callback] = await Promise.all([openWindow(browser, 'from-clone', {}), openCallback()]);
      const app = new App('Lantern', (url) => walk(window, url, { login: 'alice' }, callback), { redirectUrl: callback.url });
      const session = await openSession(app, modern(app, ready.mcp));
      expect((await session.call('whoami')).structuredContent).toMatchObject({ name: 'Alice Archer', tenant: 'acme' });
      process.stderr.write(`from clone to ready ${started - began} ms, to whoami ${Date.now() - began} ms\n`);
      await Promise.all([session.close(), window.close(), callback.close()]);
    },
    patience,
  );
});
