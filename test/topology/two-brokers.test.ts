/** Two brokers that share nothing but a MongoDB, behind a proxy that deals requests out in turn. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { authorizeUrl, callTool, login, openBrowser, pkce, postForm, redeem, refresh, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { startMongo } from '../support/mongo-server.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { startTopology } from '../support/topology-process.ts';
import type { RunningBroker, Topology } from '../support/topology-process.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

const slow = 120_000;
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

needs('mongodb', 'two brokers over one MongoDB', () => {
  let mongo: MongoServer;
  let topology: Topology;
  let distrust: () => Promise<void>;
  let from = 0;
  beforeAll(async () => {
    mongo = await startMongo({ changeStreams: true });
    topology = await startTopology({ brokers: 2, store: mongo.url(mongo.database()) });
    distrust = trustingFetch({ ca: topology.ca });
  }, slow);
  beforeEach(() => {
    from = topology.log().length;
  });
  afterAll(async () => {
    await distrust();
    await topology.close();
    await mongo.close();
  }, slow);

  /** How many requests each broker has answered since the test began; the log is a quarter of a second behind. */
  const served = async () => {
    await wait(600);
    return topology.brokers.map(
      ({ name }) =>
        topology
          .log()
          .slice(from)
          .split(`${name} | {`)
          .slice(1)
          .filter((line) => line.includes('"event":"request"')).length,
    );
  };
  const first = () => topology.brokers[0] as RunningBroker;
  const second = () => topology.brokers[1] as RunningBroker;

  it(
    'a login whose every step is answered by the other one is a login, and so is what follows it',
    async () => {
      const { client, tokens } = await login(topology, { tenant: 'globex' });
      expect((await callTool(topology, tokens.access_token, 'whoami')).status).toBe(200);
      expect((await callTool(topology, tokens.access_token, 'whoami')).status).toBe(200);
      const parallel = await Promise.all(Array.from({ length: 12 }, () => refresh(topology, client, tokens.refresh_token)));
      const answers = await Promise.all(parallel.map((answer) => answer.json() as Promise<Tokens>));
      expect(new Set(parallel.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
      for (const count of await served()) expect(count).toBeGreaterThan(8);
    },
    slow,
  );

  it(
    'what is revoked at one is refused by both within a second, and as a rule at once [W137]',
    async () => {
      const took: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const { client, tokens } = await login(topology);
        const call = async () => (await callTool(topology, tokens.access_token, 'whoami')).status;
        const calls = async () => [await call(), await call(), await call(), await call()];
        expect(await calls()).toEqual([200, 200, 200, 200]);
        await postForm(`${topology.issuer}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
        const revoked = performance.now();
        // Both have refused once two in a row did.
        for (let refused = 0; refused < 2 && performance.now() - revoked < 5_000;) refused = (await call()) === 401 ? refused + 1 : 0;
        took.push(performance.now() - revoked);
        expect(await calls()).toEqual([401, 401, 401, 401]);
      }
      process.stderr.write(`refused by both ${took.map((ms) => ms.toFixed(0)).join(' ')} ms after the revocation was answered\n`);
      expect(Math.max(...took)).toBeLessThan(1_000);
      for (const count of await served()) expect(count).toBeGreaterThan(20);
    },
    slow,
  );

  it(
    'both are replaced one after the other under load: not one request fails, and a sign-in begun before is finished after',
    async () => {
      const client = await register(topology);
      const secrets = pkce();
      const browser = openBrowser();
      await browser.get(authorizeUrl(topology, client, secrets));
      await signIn(browser, 'alice');
      const begun = await login(topology);
      let { tokens } = begun;
      const state = { isOver: false, calls: 0, failures: [] as string[] };
      const load = (async () => {
        while (!state.isOver) {
          const call = await callTool(topology, tokens.access_token, 'whoami');
          await call.text();
          const next = await refresh(topology, begun.client, tokens.refresh_token);
          if (call.status !== 200 || next.status !== 200) state.failures.push(`${call.status} ${next.status}`);
          if (next.status === 200) tokens = (await next.json()) as Tokens;
          state.calls += 2;
        }
      })();
      await topology.replace(first());
      // Where the proxy has not seen yet that it is back, the other is all there is.
      await delay(600);
      await topology.replace(second());
      await delay(600);
      state.isOver = true;
      await load;
      expect(state.failures).toEqual([]);
      expect(state.calls).toBeGreaterThan(20);
      await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      const code = browser.location?.searchParams.get('code') ?? '';
      const fields = { client_id: client.client_id, code, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri };
      expect((await redeem(topology, fields)).status).toBe(200);
      for (const count of await served()) expect(count).toBeGreaterThan(0);
    },
    slow,
  );

  it(
    'one that is killed strands nobody',
    async () => {
      const { client, tokens } = await login(topology);
      const back = topology.replace(first(), 'SIGKILL');
      await delay(50);
      let next = await refresh(topology, client, tokens.refresh_token);
      // The kernel of a busy machine may still take connections for a process that is going.
      for (let tries = 0; next.status === 502 && tries < 20; tries += 1) {
        await delay(100);
        next = await refresh(topology, client, tokens.refresh_token);
      }
      expect(next.status).toBe(200);
      const { access_token } = (await next.json()) as Tokens;
      expect((await callTool(topology, access_token, 'whoami')).status).toBe(200);
      await back;
      expect((await callTool(topology, access_token, 'whoami')).status).toBe(200);
    },
    slow,
  );
});
