/** From SIGTERM to the end, as clients, people and balancers in front of the process see it. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import type { DemoIdp } from '../../src/demo/identity-server.ts';
import { authorizeUrl, callTool, login, openBrowser, pkce, redeem, register, signIn } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { removeTemporaryFolders, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { openRecorder, sendJson } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { freePorts } from '../support/free-ports.ts';
import { configuration } from './configuration.ts';

const slow = 60_000;
const [noticeSeconds, graceSeconds] = [2.5, 1.5];
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let idp: DemoIdp;
let recorder: RecorderMcp;
let product: Product;
let signedIn: SignedIn;

beforeAll(async () => {
  recorder = await openRecorder();
}, slow);
beforeEach(async () => {
  recorder.reset();
  const port = await freePorts();
  const folder = temporaryFolder();
  const issuer = `http://localhost:${port}`;
  const client_secret = 's'.repeat(43);
  idp = await startDemoIdp({
    port: port + 1,
    clients: [{ client_id: 'drawbridge', client_secret, redirect_uris: [`${issuer}/callback/demo`] }],
  });
  const config = configuration({ issuer, port, idp: idp.issuer, upstream: recorder.url, client_secret });
  writeFileSync(join(folder, 'drawbridge.yaml'), JSON.stringify({ ...config, shutdown: { noticeSeconds, graceSeconds } }));
  product = await startProduct({ port, folder, args: ['--config', 'drawbridge.yaml'] });
  signedIn = await login(product);
}, slow);
afterEach(async () => {
  await product.stop('SIGKILL');
  await idp.close();
}, slow);
afterAll(async () => {
  await recorder.close();
  await removeTemporaryFolders();
}, slow);

/** A stream of an older client that only listens. */
async function listen(): Promise<{
  answer: IncomingMessage;
  text: Promise<{ text: string; afterMs: number }>;
  since: (at: number) => void;
}> {
  const state = { at: performance.now() };
  const headers = {
    Authorization: `Bearer ${signedIn.tokens.access_token}`,
    Accept: 'text/event-stream',
    'MCP-Protocol-Version': '2025-11-25',
  };
  const sent = request(product.mcp.replace('localhost', '127.0.0.1'), { headers: { ...headers, Host: new URL(product.mcp).host } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(answer, 'end').then(() => ({ text, afterMs: performance.now() - state.at }));
  return { answer, text: ended, since: (at) => (state.at = at) };
}

const readiness = async () => (await fetch(`${product.issuer}/readyz`)).status;

describe('SIGTERM', () => {
  it(
    'is announced first: /readyz says 503 while everybody is still served, sign-ins that are under way included',
    async () => {
      const client = await register(product);
      const secrets = pkce();
      const browser = openBrowser();
      await browser.get(authorizeUrl(product, client, secrets));
      const stream = await listen();
      expect(stream.answer.statusCode).toBe(200);
      expect(await readiness()).toBe(200);

      const at = performance.now();
      stream.since(at);
      const stopped = product.stop();
      while ((await readiness()) === 200) expect(performance.now() - at).toBeLessThan(1_000);
      expect(await (await fetch(`${product.issuer}/readyz`)).json()).toEqual({ status: 'draining' });
      await signIn(browser, 'alice');
      await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      const code = browser.location?.searchParams.get('code') ?? '';
      const fields = { client_id: client.client_id, code, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri };
      expect((await redeem(product, fields)).status).toBe(200);
      expect(performance.now() - at).toBeLessThan(noticeSeconds * 1_000);

      const { text, afterMs } = await stream.text;
      expect(afterMs).toBeGreaterThan(noticeSeconds * 1_000 - 100);
      const [, retry] = /^retry: (\d+)\n\n$/m.exec(text) ?? [];
      expect(Number(retry)).toBeGreaterThanOrEqual(500);
      expect(Number(retry)).toBeLessThanOrEqual(3_000);
      const end = await stopped;
      expect(end).toMatchObject({ code: 0, signal: null });
      // Nothing was left to wait for: idle connections do not use up the grace.
      expect(end.afterMs).toBeLessThan((noticeSeconds + graceSeconds) * 1_000);
    },
    slow,
  );

  it(
    'lets a call that is under way finish, and refuses one that does not by the end of the grace, in words',
    async () => {
      const begun: string[] = [];
      recorder.respond = ({ body }, res) => {
        const message = JSON.parse(body) as { id: number; params?: { name?: string } };
        begun.push(message.params?.name ?? '');
        const answer = { jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: 'finished' }] } };
        if (message.params?.name === 'whoami') setTimeout(() => sendJson(res, answer), noticeSeconds * 1_000 + 500);
        if (message.params?.name === 'add_note') res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': begun\n\n');
      };
      const token = signedIn.tokens.access_token;
      const finishing = callTool(product, token, 'whoami');
      const hanging = callTool(product, token, 'list_notes');
      const streaming = callTool(product, token, 'add_note');
      while (begun.length < 3) await delay(10);
      const stopped = product.stop();
      const finished = await finishing;
      expect([finished.status, await finished.text()]).toEqual([200, expect.stringContaining('finished')]);
      const refused = await hanging;
      expect([refused.status, await refused.json()]).toMatchObject([
        503,
        { id: 1, error: { message: expect.stringContaining('restarting') } },
      ]);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await (await streaming).text()).toMatch(/data: \{.*"error".*restarting.*\}\n\n$/);
      const end = await stopped;
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(end.afterMs).toBeGreaterThan((noticeSeconds + graceSeconds) * 1_000 - 100);
      expect(end.afterMs).toBeLessThan(9_000);
    },
    slow,
  );
});
