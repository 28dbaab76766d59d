/** The documented proxy configurations, run by the programs they are for, in front of the product. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import type { DemoIdp } from '../../src/demo/identity-server.ts';
import { blocksOf, read, root } from '../docs/support.ts';
import { authorizeUrl, callTool, claimsOf, login, pkce, postJson, register } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { needs } from '../support/prerequisites.ts';
import { startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { openRecorder } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { startCaddy, startNginx } from '../support/reverse-proxy.ts';
import type { ReverseProxy } from '../support/reverse-proxy.ts';
import { freePorts } from '../support/free-ports.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';
import { configuration } from './configuration.ts';

const slow = 60_000;
const registrations = 5;

const documented = (language: string): string => {
  const found = blocksOf(read('docs/running.md')).filter((block) => block.language === language);
  expect(found).toHaveLength(1);
  return found[0]?.text ?? '';
};

const lies = {
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Port': '80',
  'X-Original-Host': 'evil.example',
  Forwarded: 'for=198.51.100.1;host=evil.example;proto=http',
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request whose Host is not the address it goes to. */
function under(host: string, port: number, ca: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, ca, servername: 'localhost', headers: { Host: host } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end();
  });
}

interface Directly {
  readonly port: number;
  readonly localAddress: string;
  readonly host: string;
  readonly claimed: string;
  readonly body: unknown;
}

/** A registration that goes past the proxy, as `fetch` would not let it: under the public name. */
function postDirectly({ port, localAddress, host, claimed, body }: Directly): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, 'Content-Type': 'application/json', 'X-Forwarded-For': claimed };
    const sent = plainRequest({ host: '127.0.0.1', port, path: '/register', method: 'POST', localAddress, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

const programs = { nginx: startNginx, caddy: startCaddy } as const;

for (const name of ['nginx', 'caddy'] as const) {
  needs(name, `the documented ${name}`, (program) => {
    let [proxy, idp, recorder, product]: [ReverseProxy?, DemoIdp?, RecorderMcp?, Product?] = [];
    let [issuer, ca, brokerPort]: [string, string, number] = ['', '', 0];
    let distrust: (() => Promise<void>) | undefined;
    const system = () => ({ issuer, mcp: `${issuer}/mcp` });

    beforeAll(async () => {
      const port = await freePorts();
      issuer = `https://localhost:${port}`;
      const folder = temporaryFolder();
      await promisify(execFile)(process.execPath, [join(root, 'scripts', 'certificates.mjs'), folder, 'localhost', '127.0.0.1']);
      ca = readFileSync(join(folder, 'ca.pem'), 'utf8');
      const client_secret = 's'.repeat(43);
      recorder = await openRecorder();
      idp = await startDemoIdp({
        port: port + 1,
        clients: [{ client_id: 'drawbridge', client_secret, redirect_uris: [`${issuer}/callback/demo`] }],
      });
      brokerPort = await freePorts(1);
      const places = { issuer, port: brokerPort, idp: idp.issuer, upstream: recorder.url, client_secret };
      const config = { ...configuration(places), trustedProxies: ['127.0.0.1'], limits: { registerPerMinute: registrations } };
      writeFileSync(join(folder, 'drawbridge.yaml'), JSON.stringify(config));
      product = await startProduct({ port: brokerPort, folder, args: ['--config', 'drawbridge.yaml'] });
      const nobody = await freePorts(1);
      const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
      // Of the two documented instances the first does not run: the proxy has to find the other.
      proxy = await programs[name](program, documented(name), { port, upstreams: [nobody, brokerPort], ...files });
      distrust = trustingFetch({ ca });
    }, slow);
    afterAll(async () => {
      await distrust?.();
      await proxy?.close();
      await product?.stop('SIGKILL');
      await Promise.all([idp?.close(), recorder?.close()]);
    }, slow);

    let signedIn: SignedIn;
    it('carries a whole login and a call', async () => {
      signedIn = await login(system());
      expect(claimsOf(signedIn.tokens.access_token)).toMatchObject({ iss: issuer, aud: `${issuer}/mcp` });
      expect((await callTool(system(), signedIn.tokens.access_token, 'whoami')).status).toBe(200);
    });

    it('[W177] cannot be made to change what we say of ourselves', async () => {
      const path = '/.well-known/oauth-authorization-server';
      const plain = await (await fetch(`${issuer}${path}`)).text();
      expect(JSON.parse(plain)).toMatchObject({ issuer, token_endpoint: `${issuer}/token` });
      expect(await (await fetch(`${issuer}${path}`, { headers: lies })).text()).toBe(plain);
      const challenged = await fetch(`${issuer}/mcp`, { method: 'POST', headers: lies });
      expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining(`"${issuer}/.well-known/`),
      ]);
      const page = await fetch(authorizeUrl(system(), signedIn.client, pkce()), { headers: lies, redirect: 'manual' });
      expect(page.headers.getSetCookie().join('\n')).toMatch(/^__Host-drawbridge=.*; Secure/);
      expect(page.headers.get('location') ?? `${issuer}/`).not.toContain('evil');
    });

    it('a request under another name gets nothing', async () => {
      const { port } = new URL(issuer);
      const ours = await under(`localhost:${port}`, Number(port), ca, '/jwks');
      expect([ours.status, ours.text]).toEqual([200, expect.stringContaining('"keys"')]);
      for (const path of ['/jwks', '/.well-known/oauth-authorization-server', '/mcp']) {
        const { status, text } = await under(`evil.example:${port}`, Number(port), ca, path);
        // Caddy knows no site of that name and says nothing at all.
        if (name === 'nginx') expect(status).toBe(421);
        expect(text).not.toMatch(/keys|issuer/);
      }
    });

    it('[W28] limits count the person in front of the proxy, whatever that person claims; who comes past it is not believed', async () => {
      const metadata = { client_name: 'Test client', redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none' };
      const times = async (count: number, ask: (attempt: number) => Promise<number>) => {
        const statuses = [];
        for (let attempt = 0; attempt < count; attempt += 1) statuses.push(await ask(attempt));
        return statuses;
      };
      const from = async (localAddress: string, claimed: (attempt: number) => string, count: number) => {
        const back = trustingFetch({ ca, localAddress });
        const statuses = await times(
          count,
          async (attempt) => (await postJson(`${issuer}/register`, metadata, { 'X-Forwarded-For': claimed(attempt) })).status,
        );
        await back();
        return statuses;
      };
      const past = (localAddress: string, claimed: (attempt: number) => string, count: number) =>
        times(count, (attempt) =>
          postDirectly({ port: brokerPort, localAddress, host: new URL(issuer).host, claimed: claimed(attempt), body: metadata }),
        );
      // Limits count by the minute of the clock.
      const left = 60_000 - (Date.now() % 60_000);
      if (left < 3_000) await wait(left);
      const limited = [...Array.from({ length: registrations }, () => 201), 429, 429];
      const anew = (attempt: number) => `198.51.100.${attempt + 1}`;
      expect(await from('127.0.0.2', anew, registrations + 2)).toEqual(limited);
      // Everybody has an allowance of their own, so it is not the proxy that is counted.
      expect(await from('127.0.0.3', () => '127.0.0.2', 1)).toEqual([201]);
      expect(await past('127.0.0.4', () => '127.0.0.2', 1)).toEqual([201]);
      expect(await past('127.0.0.5', anew, registrations + 2)).toEqual(limited);
    });

    it('passes on the first event of a stream while it stays open', async () => {
      const headers = {
        Authorization: `Bearer ${signedIn.tokens.access_token}`,
        Accept: 'text/event-stream',
        'MCP-Protocol-Version': '2025-11-25',
      };
      const stream = await fetch(`${issuer}/mcp`, { headers });
      const reader = stream.body?.getReader();
      const first = await reader?.read();
      expect([stream.status, Buffer.from(first?.value ?? []).toString()]).toEqual([200, ':\n\n']);
      await reader?.cancel();
    });

    it('lets through the longest request line and the largest message that we take', async () => {
      const redirect_uris = Array.from({ length: 18 }, (_, index) => `http://127.0.0.1/${String(index).padEnd(120, 'x')}`);
      const client = await register(system(), { redirect_uris });
      expect(client.client_id.length).toBeGreaterThan(2_000);
      const url = authorizeUrl(system(), client, pkce(), { state: '+'.repeat(296).padEnd(4_096, 'x') });
      expect(url.href.length).toBeGreaterThan(8_192);
      const answer = await fetch(url, { redirect: 'manual' });
      expect([answer.status, answer.status === 303 ? '' : await answer.text()]).toEqual([303, '']);
      const text = 'x'.repeat(4 * 1024 * 1024 - 1_000);
      expect((await callTool(system(), signedIn.tokens.access_token, 'add_note', { text })).status).toBe(200);
      expect(recorder?.requests.at(-1)?.body).toContain(text);
    });
  });
}
