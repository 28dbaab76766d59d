/** Two brokers on one store whose clocks differ: up to a minute nobody notices, and beyond it nothing is honoured that must not be. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import type { Acknowledgements } from './support/acknowledgements.ts';
import { openAcknowledgements } from './support/acknowledgements.ts';
import { startCluster } from './support/cluster.ts';
import type { Cluster } from './support/cluster.ts';
import { gather, recover } from './support/evidence.ts';
import { violations } from './support/invariants.ts';
import { chosenSeed } from './support/seed.ts';
import type { Workload } from './support/workload.ts';
import { openWorkload } from './support/workload.ts';

const slow = 120_000;

interface Apart {
  readonly cluster: Cluster;
  readonly load: Workload;
  readonly log: Acknowledgements;
  readonly reasons: () => string[];
  judge(): Promise<readonly string[]>;
}

needs('mongodb', 'two brokers whose clocks differ', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, slow);
  afterAll(() => server.close(), slow);

  /** The second one's clock is off by so many seconds; the store's is right. */
  async function apart(seconds: number, work: (world: Apart) => Promise<void>): Promise<void> {
    const cluster = await startCluster({ server, skew: (name) => (name === 'b' ? seconds * 1_000 : 0) });
    const log = openAcknowledgements();
    const load = openWorkload(cluster, log, chosenSeed());
    const judge = async () => {
      const recoveries = await recover(cluster, Date.now(), load.login);
      return violations(await gather({ place: cluster, log, engine: cluster.engine, lines: cluster.lines, recoveries }));
    };
    const reasons = () =>
      cluster.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .map(({ event, reason }) => `${String(event)}: ${String(reason)}`);
    try {
      await work({ cluster, load, log, reasons, judge });
    } finally {
      await cluster.close();
    }
  }

  it.each([50, -50])(
    'by %i seconds: everything goes on at either, whichever began it [F19] [I1] [I2] [I4]',
    async (seconds) => {
      await apart(seconds, async ({ load, log, judge }) => {
        for (let round = 0; round < 4; round += 1) {
          const [here, there] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
          const family = await load.login(here);
          if (family === null) throw new Error('nobody could sign in');
          for (const instance of [here, there]) expect(await load.call(family, instance)).toMatchObject({ isHonoured: true });
          expect(await load.refresh(family, there)).toMatchObject({ isHonoured: true });
          expect(await load.call(family, here)).toMatchObject({ isHonoured: true });
          expect(await load.revoke(family, there)).toMatchObject({ isHonoured: true });
        }
        await load.run(2_000);
        expect(await judge()).toEqual([]);
        expect(log.entries.filter(({ status }) => status === null || status >= 500)).toEqual([]);
      });
    },
    slow,
  );

  it.each([120, -120, 300])(
    'by %i seconds: what is revoked at one is refused at the other, nothing works twice, and the log says why things fail [F19] [I1] [I2] [I4]',
    async (seconds) => {
      await apart(seconds, async ({ load, reasons, judge }) => {
        for (let round = 0; round < 3; round += 1) {
          await load.login('a');
          await load.login('b');
        }
        await load.run(3_000);
        // The identity provider's clock is right too, so one that is behind takes its answers for ones from the future.
        const isBehind = seconds < 0;
        expect((await judge()).filter((broken) => !isBehind || !broken.startsWith('I7 '))).toEqual([]);
        if (isBehind) expect(reasons()).toContainEqual(expect.stringMatching(/^login\.untrustworthy: .*future/));
        else expect(reasons()).toContainEqual(expect.stringMatching(/^gateway\.challenged: made in the future/));
        const side = seconds > 0 ? 'ahead of' : 'behind';
        expect(reasons()).toContain(`clock.apart: this machine's clock is ${Math.abs(seconds)} s ${side} the store's`);
      });
    },
    slow,
  );
});
