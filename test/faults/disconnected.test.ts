/** Clients whose connection is gone before the answer: what was asked for happened or did not, the client can find out, and nothing stays behind. */
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { grants, seenClients, transactions } from '../../src/stores/collections.ts';
import {
  authorizeUrl,
  callTool,
  claimsOf,
  consent,
  login,
  openBrowser,
  pkce,
  redeem,
  refresh,
  register,
  signIn,
} from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { openRecorder, sendJson } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { grantOfToken } from './support/acknowledgements.ts';
import { chosenSeed, openDice } from './support/seed.ts';
import { callOf, formOf } from './support/workload.ts';

const slow = 60_000;
const dice = openDice(chosenSeed());

let system: System;
let upstream: RecorderMcp;
beforeAll(async () => {
  upstream = await openRecorder();
  const configure: Parameters<typeof startSystem>[0] = {
    configure: (config) => ({ ...config, resources: config.resources.map((resource) => ({ ...resource, upstream: upstream.url })) }),
  };
  system = await startSystem(configure);
}, slow);
beforeEach(() => upstream.reset());
afterAll(async () => {
  await system.close();
  await upstream.close();
}, slow);

/** Sends it all and destroys the connection after so many milliseconds; answers with the status when that came first. */
async function cut(url: string, init: RequestInit, ms: number): Promise<{ status: number; text: string } | null> {
  const wanted = new Request(url, init);
  const body = await wanted.text();
  const sending = request(url, { method: wanted.method, headers: Object.fromEntries(wanted.headers), agent: false });
  return new Promise((resolve) => {
    let answer: { status: number; text: string } | null = null;
    sending.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', () => null).on('end', () => (answer = { status: response.statusCode ?? 0, text }));
    });
    sending.on('error', () => null).on('close', () => resolve(answer));
    // From the moment it is on the wire.
    sending.end(body, () => setTimeout(() => sending.destroy(), ms));
  });
}

const grantOf = async ({ tokens }: SignedIn) => system.engine.get(grants, String(claimsOf(tokens.access_token)['grant_id']));
const lost = { count: 0 };
async function cutAtRandom(url: string, init: RequestInit, longestMs = 12) {
  const answer = await cut(url, init, dice.roll(longestMs));
  lost.count += answer === null ? 1 : 0;
  return answer;
}

describe(`clients that are gone before the answer (seed ${dice.seed})`, () => {
  it(
    '[F28] a refresh: whoever asks again gets the one successor, and nobody is taken for a thief [I1]',
    async () => {
      const signedIn = await login(system);
      let held = signedIn.tokens.refresh_token;
      lost.count = 0;
      for (let round = 0; round < 40; round += 1) {
        const fields = { grant_type: 'refresh_token', client_id: signedIn.client.client_id, refresh_token: held };
        const answer = await cutAtRandom(`${system.issuer}/token`, formOf(fields));
        const again = await refresh(system, signedIn.client, held);
        const tokens = (await again.json()) as Tokens;
        expect([round, again.status]).toEqual([round, 200]);
        if (answer !== null) expect((JSON.parse(answer.text) as Tokens).refresh_token).toBe(tokens.refresh_token);
        held = tokens.refresh_token;
      }
      expect(lost.count).toBeGreaterThan(3);
      expect(await grantOf(signedIn)).toMatchObject({ stage: 'live', generation: 41 });
    },
    slow,
  );

  it(
    '[F28] an exchange: it was made or it was not; whoever is refused signs in again [I1] [I3]',
    async () => {
      const client = await register(system);
      lost.count = 0;
      const outcomes: number[] = [];
      for (let round = 0; round < 16; round += 1) {
        const secrets = pkce();
        const answer = await consent(openBrowser(), authorizeUrl(system, client, secrets), { scope: ['read'] });
        const code = answer.searchParams.get('code') ?? '';
        const { client_id, redirect_uri } = client;
        const fields = { client_id, redirect_uri, code, code_verifier: secrets.code_verifier };
        const first = await cutAtRandom(`${system.issuer}/token`, formOf({ grant_type: 'authorization_code', ...fields }), 80);
        // What the server still does with it may come after the connection is gone.
        await wait(30);
        const again = await redeem(system, fields);
        outcomes.push(again.status);
        if (first?.status === 200) expect(again.status).toBe(400);
        else expect([200, 400]).toContain(again.status);
        if (again.status === 400) expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
        const row = await system.engine.get(grants, grantOfToken(code) ?? '');
        expect(row).toMatchObject({ stage: first?.status === 200 ? 'ended' : expect.stringMatching(/^(live|ended)$/), generation: 1 });
      }
      expect(lost.count).toBeGreaterThan(1);
      expect((await login(system, { client })).tokens.access_token).toBeDefined();
      process.stderr.write(`exchanges cut off: ${lost.count} of 16, asked again: ${outcomes.join(' ')}\n`);
    },
    slow,
  );

  it(
    '[F28] a revocation: asked again it is answered, and the tokens are dead [I2]',
    async () => {
      for (let round = 0; round < 10; round += 1) {
        const { client, tokens } = await login(system, { scope: ['read'] });
        const init = formOf({ client_id: client.client_id, token: tokens.refresh_token });
        await cutAtRandom(`${system.issuer}/revoke`, init);
        expect((await fetch(`${system.issuer}/revoke`, init)).status).toBe(200);
        expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(401);
        expect((await refresh(system, client, tokens.refresh_token)).status).toBe(400);
      }
    },
    slow,
  );

  it(
    '[F28] a decision: reloading shows the question again or hands over the one answer; a registration and a visit leave no row but the sign-in',
    async () => {
      const client = await register(system);
      for (let round = 0; round < 8; round += 1) {
        const browser = openBrowser();
        await browser.get(authorizeUrl(system, client, pkce()));
        await signIn(browser, 'alice');
        const here = browser.page.url;
        const form = browser.form('/consent');
        const fields = new URLSearchParams(form.fields);
        for (const { words, name, value } of form.buttons) if (words.includes('Approve') && name !== null) fields.append(name, value);
        fields.append('scope', 'read');
        const cookie = [...browser.cookies(form.action)].map(([name, value]) => `${name}=${value}`).join('; ');
        await cutAtRandom(form.action.href, { method: 'POST', body: fields, headers: { Cookie: cookie, Origin: here.origin } });
        await wait(30);
        await browser.get(here);
        if (browser.location === null) await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
        expect(browser.location?.searchParams.get('code')).toMatch(/^db_ac_/);
      }
      const before = [await system.engine.page(seenClients), await system.engine.page(transactions, { limit: 1000 })].map(
        ({ length }) => length,
      );
      const registration = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"redirect_uris":["http://127.0.0.1/x"]}',
      };
      for (let round = 0; round < 10; round += 1) await cutAtRandom(`${system.issuer}/register`, registration);
      const after = [await system.engine.page(seenClients), await system.engine.page(transactions, { limit: 1000 })].map(
        ({ length }) => length,
      );
      expect(after).toEqual(before);
    },
    slow,
  );

  it(
    '[F28] a tool call: the call behind it is broken off, it is on record, and nothing is held: more of them than a grant may have open, and it still calls',
    async () => {
      const signedIn = await login(system);
      const { access_token } = signedIn.tokens;
      upstream.respond = () => undefined;
      for (let round = 0; round < 15; round += 1)
        // Later each round, so that some have got through on a busy machine too.
        await Promise.all(Array.from({ length: 8 }, () => cutAtRandom(system.mcp, callOf(access_token), 40 + 20 * round)));
      // What was read before its connection was gone may still be on its way.
      await wait(300);
      // A connection that was gone before its request was read has no call behind it.
      const reached = upstream.requests.length;
      expect(reached).toBeGreaterThan(3);
      const began = performance.now();
      const broken = await Promise.all(upstream.requests.map((each) => each.broken));
      expect(performance.now() - began).toBeLessThan(1_500);
      expect(new Set(broken)).toEqual(new Set([true]));

      upstream.respond = ({ body }, res) =>
        sendJson(res, { jsonrpc: '2.0', id: (JSON.parse(body) as { id: number }).id, result: { content: [] } });
      // As many as may be open, all at once: none of the places is taken.
      const calls = await Promise.all(Array.from({ length: 100 }, () => callTool(system, access_token, 'whoami')));
      expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
      let allowed = 0;
      for await (const chain of readAuditChains(system.engine))
        allowed += chain.filter(
          ({ event }) => event.event === 'tool.allowed' && event.grantId === claimsOf(access_token)['grant_id'],
        ).length;
      expect(allowed).toBeGreaterThanOrEqual(reached + 100);
      expect(allowed).toBeLessThanOrEqual(120 + 100);
      process.stderr.write(`tool calls cut off: 120, of which ${reached} had reached the server behind\n`);
    },
    slow,
  );
});
