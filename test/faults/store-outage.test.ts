/** The store is gone while two brokers are at work: what they answer, and what is true afterwards. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import type { Cluster } from './support/cluster.ts';
import { startCluster } from './support/cluster.ts';
import { clean, runFault } from './support/fault-run.ts';
import { holdingsHere } from './support/holdings.ts';

const slow = 60_000;

needs('mongodb', 'two brokers whose store fails under load', () => {
  let server: MongoServer;
  let cluster: Cluster;
  beforeAll(async () => {
    server = await startMongo();
    cluster = await startCluster({ server });
  }, slow);
  afterAll(async () => {
    await cluster.close();
    await server.close();
  }, slow);

  it(
    'no fault at all',
    async () => {
      const ran = await runFault({
        place: cluster,
        engine: cluster.engine,
        lines: () => cluster.lines,
        inject: async () => Promise.resolve(),
        lift: async () => Promise.resolve(),
        holdings: { brokers: () => holdingsHere(cluster) },
      });
      for (const kind of ['exchange', 'refresh', 'tool', 'revoke'] as const) expect(ran.honoured(kind)).toBeGreaterThan(3);
      expect(ran.judged).toEqual(clean(ran));
    },
    slow,
  );
});
