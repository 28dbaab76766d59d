/** The process as whoever starts it meets it: what it prints, what it keeps, how it ends, and what it says when it cannot start. */
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { authorizeUrl, callTool, login, openBrowser, pkce, redeem, refresh, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Launch, Product } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';

const slow = 60_000;
const running = new Set<Product>();

async function start(launch: Launch = {}): Promise<Product> {
  const product = await startProduct(launch);
  running.add(product);
  return product;
}

afterEach(async () => {
  await Promise.all([...running].map((product) => product.stop()));
  running.clear();
}, slow);
afterAll(removeTemporaryFolders);

describe('a start', () => {
  it(
    'says in its last line, for programs, where everything is, and to a person what to paste; quickly and with little memory',
    async () => {
      const port = await freePorts();
      const product = await start({ port });
      const lines = product.stdout().trimEnd().split('\n');
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
        ready: true,
        issuer: `http://localhost:${port}`,
        mcp: `http://localhost:${port}/mcp`,
        idp: `http://localhost:${port + 1}`,
        upstream: `http://localhost:${port + 2}/mcp`,
        pid: product.pid,
      });
      const forPeople = lines.slice(0, -1).join('\n');
      expect(forPeople).toContain(`claude mcp add --transport http notes http://localhost:${port}/mcp`);
      for (const person of ['alice', 'bob', 'carol', 'erin', 'dave']) expect(forPeople).toContain(person);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const resident = product.residentMb();
      process.stderr.write(`ready after ${product.readyAfterMs} ms, ${resident} MB resident when idle\n`);
      // The figures are for whoever reads them; a busy machine must not fail for being busy.
      expect(product.readyAfterMs).toBeLessThan(20_000);
      expect(resident ?? 0).toBeLessThan(200);
      expect(product.stdout().trimEnd().split('\n')).toHaveLength(lines.length);
      expect(existsSync(join(product.folder, 'data/drawbridge.db'))).toBe((process.env['TEST_STORE_URL'] ?? '') === '');
    },
    slow,
  );

  it(
    'beside one that runs is refused in plain words, whichever of the three ports is taken, and takes nothing from it',
    async () => {
      const first = await start();
      const { tokens } = await login(first);
      const second = await runProduct({ env: { PORT: String(first.port) }, folder: first.folder });
      expect(second).toMatchObject({ code: 1, stdout: '' });
      expect(second.stderr).toMatch(new RegExp(`^Port ${first.port} is taken: .*PORT=n`, 'm'));
      expect(second.stderr).not.toMatch(/^\s+at /m);
      const third = await runProduct({ env: { PORT: String(first.port - 1) } });
      expect(third).toMatchObject({ code: 1, stdout: '' });
      expect(third.stderr).toMatch(new RegExp(`^Port (${first.port}|${first.port + 1}) is taken`, 'm'));
      expect((await callTool(first, tokens.access_token, 'whoami')).status).toBe(200);
    },
    slow,
  );

  it(
    '[F37] with a broken configuration names every key, prints no value, and makes nothing',
    async () => {
      const folder = temporaryFolder();
      const file = join(folder, 'broken.yaml');
      const written = [
        'issuer: https://login.example/CNRY1',
        'key: CNRY2',
        'colour: CNRY3',
        'organisation: { name: 7 }',
        'connections:',
        '  - { id: sso, type: oidc, name: Company, issuer: "https://idp.example", client_id: us, client_secret_file: ./CNRY4 }',
        'tenants: [{ id: main, name: Main, rules: [{ group: staff, role: nobody }] }]',
        'roles: [{ id: user, name: User, permissions: ["notes:read"] }]',
        'resources: []',
      ];
      writeFileSync(file, written.join('\n'));
      const run = await runProduct({ folder, args: ['--config', file] });
      expect(run).toMatchObject({ code: 1, stdout: '' });
      for (const key of ['issuer', 'key', 'colour', 'organisation.name', 'connections[0].client_secret_file', 'resources'])
        expect(run.stderr).toMatch(new RegExp(`^  ${key.replace(/[[\].]/g, '\\$&')}: `, 'm'));
      expect(run.stderr).not.toMatch(/CNRY[123]/);
      expect(run.stderr).not.toMatch(/^\s+at /m);
      expect(existsSync(join(folder, 'data'))).toBe(false);
      const missing = await runProduct({ folder, args: ['--config', 'nowhere.yaml'] });
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(missing.stderr).toContain('nowhere.yaml');
    },
    slow,
  );

  it.each(['x', '0', '65534', '-1', '4000.5'])('refuses PORT=%s with a sentence', async (port) => {
    const run = await runProduct({ env: { PORT: port } });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr.trim()).toMatch(/^PORT must be a number from 1 to 65533[^\n]*$/);
  });

  it('--help says what can be asked of it, an unknown option is refused, and --fresh never meets --config', async () => {
    const help = await runProduct({ args: ['--help'] });
    expect(help.code).toBe(0);
    for (const word of ['--config', '--fresh', 'PORT=n']) expect(help.stdout).toContain(word);
    expect(help.stderr).toBe('');
    expect(await runProduct({ args: ['--colour'] })).toMatchObject({ code: 1, stdout: '' });
    const both = await runProduct({ args: ['--fresh', '--config', 'drawbridge.yaml'] });
    expect(both).toMatchObject({ code: 1, stdout: '' });
    expect(both.stderr).toContain('--fresh is for the demonstration only');
  });
});

describe('an end', () => {
  it(
    'by SIGTERM with sign-ins in progress and a request half sent is clean and soon; the sign-in goes on after the next start',
    async () => {
      const first = await start();
      const client = await register(first);
      const secrets = pkce();
      const browser = openBrowser();
      await browser.get(authorizeUrl(first, client, secrets));
      await signIn(browser, 'alice');
      expect(browser.page.body).toContain('Acme');
      const half = connect(first.port, '127.0.0.1');
      half.on('error', () => null);
      await once(half, 'connect');
      half.write(
        'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ngrant',
      );
      await fetch(`${first.issuer}/healthz`);
      const end = await first.stop();
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(end.afterMs).toBeLessThan(9_000);
      await expect(fetch(`${first.issuer}/healthz`)).rejects.toThrow();
      half.destroy();

      const second = await start({ port: first.port, folder: first.folder });
      await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      const code = browser.location?.searchParams.get('code') ?? '';
      const fields = { client_id: client.client_id, code, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri };
      expect((await redeem(second, fields)).status).toBe(200);
    },
    slow,
  );

  it(
    'of any kind keeps what was granted: tokens go on, a replaced one still has its successor, a revoked one stays dead',
    async () => {
      let product = await start();
      const restart = async (signal: NodeJS.Signals) => {
        await product.stop(signal);
        product = await start({ port: product.port, folder: product.folder });
      };
      const { client, tokens } = await login(product);
      const dead = await login(product);
      await fetch(`${product.issuer}/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: dead.tokens.refresh_token, client_id: dead.client.client_id }),
      });
      let held = tokens;
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT'] as const) {
        const before = held;
        held = (await (await refresh(product, client, before.refresh_token)).json()) as Tokens;
        await restart(signal);
        expect((await callTool(product, tokens.access_token, 'whoami')).status).toBe(200);
        const repeated = (await (await refresh(product, client, before.refresh_token)).json()) as Tokens;
        expect(repeated.refresh_token).toBe(held.refresh_token);
        expect((await refresh(product, dead.client, dead.tokens.refresh_token)).status).toBe(400);
        expect((await callTool(product, dead.tokens.access_token, 'whoami')).status).toBe(401);
      }
      expect((await refresh(product, client, held.refresh_token)).status).toBe(200);
    },
    slow,
  );
});
