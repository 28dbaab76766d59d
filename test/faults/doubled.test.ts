/** Everything a browser or a client posts arrives twice, five milliseconds apart and at two instances; now and then the first answer is not waited for. */
import { setTimeout as wait } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Consenting } from '../support/client.ts';
import { authorizeUrl, consent, loopbackAddress, openBrowser, pkce } from '../support/client.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import type { Acknowledgements, Question, Reply } from './support/acknowledgements.ts';
import { grantOfToken, instanceHeader, openAcknowledgements } from './support/acknowledgements.ts';
import type { Cluster } from './support/cluster.ts';
import { startCluster } from './support/cluster.ts';
import { gather, recover } from './support/evidence.ts';
import { violations } from './support/invariants.ts';
import { chosenSeed, openDice } from './support/seed.ts';
import { callOf, formOf, openWorkload } from './support/workload.ts';

const slow = 90_000;
const rounds = 10;
const apartMs = 5;
const people: readonly Consenting[] = [
  { login: 'alice', tenant: 'acme', scope: ['read', 'write'] },
  { login: 'carol', tenant: 'acme', scope: ['read'] },
  { login: 'erin', tenant: 'initech', scope: ['read'] },
  { login: 'alice', tenant: 'globex', scope: ['read'] },
];

needs('mongodb', 'two brokers to which everything is sent twice', () => {
  const dice = openDice(chosenSeed());
  let server: MongoServer;
  let cluster: Cluster;
  let log: Acknowledgements;
  beforeAll(async () => {
    server = await startMongo();
    cluster = await startCluster({ server });
    log = openAcknowledgements();
  }, slow);
  afterAll(async () => {
    await cluster.close();
    await server.close();
  }, slow);

  /** A browser whose button is pressed twice: which page it then shows is chance. */
  const doubling: typeof fetch = async (url, init = {}) => {
    if (init.method !== 'POST' || new URL(url as string).origin !== cluster.issuer) return log.fetch(url, init);
    const to = (instance: string) => {
      const headers = new Headers(init.headers);
      headers.set(instanceHeader, instance);
      return log.fetch(url, { ...init, headers: Object.fromEntries(headers) });
    };
    const first = to('a');
    await wait(apartMs);
    const answers = await Promise.all([first, to('b')]);
    return answers[dice.roll(2)] as Response;
  };

  async function twice(question: Question): Promise<readonly [Reply, Reply]> {
    const first = log.ask({ ...question, instance: 'a' });
    await wait(apartMs);
    const [one, two] = await Promise.all([first, log.ask({ ...question, instance: 'b' })]);
    if (one === null || two === null) throw new Error('an answer was lost, and nothing was broken');
    return [one, two];
  }

  const post = (kind: Question['kind'], path: string, fields: Record<string, string>, token: string) => {
    const about = { grant: grantOfToken(token) ?? '', presented: log.keep(token) };
    return twice({ kind, url: `${cluster.issuer}${path}`, init: formOf(fields), about });
  };
  const statuses = (replies: readonly Reply[]) => replies.map(({ status }) => status).toSorted((a, b) => a - b);
  const text = (reply: Reply | undefined, name: string) => String(reply?.json[name]);

  async function approve(client_id: string, who: Consenting): Promise<{ code: string; code_verifier: string }> {
    const { code_verifier, code_challenge } = pkce();
    const url = authorizeUrl(
      cluster,
      { client_id, redirect_uri: loopbackAddress },
      { code_verifier, code_challenge },
      { state: randomUUID() },
    );
    const browser = openBrowser({ fetch: doubling });
    const answer = await consent(browser, url, who);
    return { code: answer.searchParams.get('code') ?? '', code_verifier };
  }

  it(
    '[F27] every step has one effect, the second answer is harmless and the first stays good [I1] [I2] [I4] [I5]',
    async () => {
      for (let round = 0; round < rounds; round += 1) {
        const metadata = { client_name: `Twice ${round}`, redirect_uris: [loopbackAddress], token_endpoint_auth_method: 'none' };
        const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(metadata) };
        const registered = await twice({ kind: 'register', url: `${cluster.issuer}/register`, init });
        const client_id = text(registered[0], 'client_id');
        expect([statuses(registered), text(registered[1], 'client_id')]).toEqual([[201, 201], client_id]);

        const { code, code_verifier } = await approve(client_id, people[round % people.length] ?? {});
        expect(code).toMatch(/^db_ac_/);
        const fields = { grant_type: 'authorization_code', client_id, code, code_verifier, redirect_uri: loopbackAddress };
        const exchanged = await post('exchange', '/token', fields, code);
        expect(statuses(exchanged)).toEqual([200, 400]);
        const good = exchanged.find(({ status }) => status === 200);
        const presented = text(good, 'refresh_token');

        const refreshing = { grant_type: 'refresh_token', client_id, refresh_token: presented };
        const refreshed = await post('refresh', '/token', refreshing, presented);
        expect([statuses(refreshed), text(refreshed[0], 'refresh_token')]).toEqual([[200, 200], text(refreshed[1], 'refresh_token')]);
        for (const reply of [good, ...refreshed]) {
          const access = text(reply, 'access_token');
          const about = { grant: grantOfToken(access) ?? '' };
          const called = await log.ask({ kind: 'tool', url: cluster.mcp, init: callOf(access), about });
          expect(called?.isHonoured).toBe(true);
        }
        if (round % 2 === 0) continue;
        const token = text(refreshed[0], 'refresh_token');
        expect(statuses(await post('revoke', '/revoke', { client_id, token }, token))).toEqual([200, 200]);
        expect(statuses(await post('refresh', '/token', { ...refreshing, refresh_token: token }, token))).toEqual([400, 400]);
      }
      const { login } = openWorkload(cluster, log, dice.seed);
      const recoveries = await recover(cluster, Date.now(), login);
      const evidence = await gather({ place: cluster, log, engine: cluster.engine, lines: cluster.lines, recoveries });
      expect({ seed: dice.seed, violations: violations(evidence) }).toEqual({ seed: dice.seed, violations: [] });
      expect(evidence.entries.filter(({ status }) => status === null || status >= 500)).toEqual([]);
    },
    slow,
  );
});
