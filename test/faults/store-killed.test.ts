/**
 * The MongoDB itself is killed under load. The one the tests can always have keeps its data in memory, so what comes back is empty: what
 * can be seen here is that nothing hangs, nothing is allowed, and that brokers go on by themselves with whatever store there is.
 */
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { mongoUrl, pathOf } from '../support/places.ts';
import { needs } from '../support/prerequisites.ts';
import type { Entry } from './support/acknowledgements.ts';
import type { Cluster } from './support/cluster.ts';
import { startCluster } from './support/cluster.ts';
import { runFault } from './support/fault-run.ts';

const slow = 90_000;
const asked: readonly Entry['kind'][] = ['exchange', 'refresh', 'tool', 'revoke'];

/** A server of ours, which we may kill. */
const isOurs = () => mongoUrl() === '' && basename(pathOf('mongodb') ?? '') !== 'mongod';

needs('mongodb', 'two brokers whose MongoDB is killed', () => {
  let server: MongoServer;
  /** The test's own way to whatever server there is. */
  let address: FaultProxy;
  let cluster: Cluster;
  beforeAll(async () => {
    server = await startMongo();
    address = await startFaultProxy(server.host);
    const url = (database: string, through = address.host) => `mongodb://${through}/${database}`;
    cluster = await startCluster({ server: isOurs() ? { ...server, url } : server });
  }, slow);
  afterAll(async () => {
    await cluster.close();
    await Promise.all([server.close(), address.close()]);
  }, slow);

  const links = () => [address, ...cluster.instances.map(({ link }) => link)];

  it(
    '[F23] kill -9 of the store: 503 in time, nothing allowed, and sign-ins again as soon as there is a store; what it forgot cannot be refreshed [I6] [I7] [I10]',
    async () => {
      // Somebody else's server is not ours to kill; there the link is broken in other tests.
      if (!isOurs()) return;
      const ran = await runFault({
        place: cluster,
        engine: cluster.engine,
        lines: () => cluster.lines,
        inject: async () => {
          await server.close();
          // Where nothing runs, nothing accepts.
          await Promise.all(links().map((link) => link.set('refuse')));
        },
        lift: async () => {
          server = await startMongo();
          for (const link of links()) {
            link.aim(server.host);
            await link.set('pass');
          }
        },
        isBlind: true,
        times: [1_500, 5_000, 1_000],
      });
      const answered = ran.during.filter(({ kind }) => asked.includes(kind));
      expect(answered.length).toBeGreaterThan(3);
      for (const { kind, status, retryAfter } of answered) expect([kind, status, Number(retryAfter) >= 1]).toEqual([kind, 503, true]);
      for (const kind of asked) expect([kind, ran.honoured(kind) > 0]).toEqual([kind, true]);
      // The records and the news went with the store, and for up to a minute an instance remembers what it has let through.
      const isOfTheLoss = (sentence: string) => sentence.startsWith('I4 ') || /^I[23] .* tool at /.test(sentence);
      expect({ seed: ran.seed, violations: ran.judged.violations.filter((sentence) => !isOfTheLoss(sentence)) }).toEqual({
        seed: ran.seed,
        violations: [],
      });
    },
    slow,
  );
});
