import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { MongoServer } from '../../support/mongo-server.ts';
import { startMongo } from '../../support/mongo-server.ts';
import { needs } from '../../support/prerequisites.ts';
import type { Acknowledgements, Entry } from './acknowledgements.ts';
import { openAcknowledgements } from './acknowledgements.ts';
import type { Cluster } from './cluster.ts';
import { startCluster } from './cluster.ts';
import { gather, recover } from './evidence.ts';
import type { FaultRun, Ran } from './fault-run.ts';
import { clean, runFault } from './fault-run.ts';
import { holdingsHere } from './holdings.ts';
import { violations } from './invariants.ts';
import type { Fate, LosingLink } from './losing-link.ts';
import { chosenSeed } from './seed.ts';
import type { Workload } from './workload.ts';
import { openWorkload } from './workload.ts';

/** What every run of a fault on a cluster may take, in ms. */
export const slow = 180_000;

/** What clients ask for that something hangs on. */
export const privileged: readonly Entry['kind'][] = ['exchange', 'refresh', 'tool', 'revoke'];

export interface OnCluster {
  /** Two brokers over a database of their own, new for each test. */
  readonly cluster: Cluster;
  readonly server: MongoServer;
  /** A run of load with a fault in its middle; everything a run needs but the fault is filled in. */
  run(fault: Pick<FaultRun, 'inject'> & Partial<FaultRun>): Promise<Ran>;
  /** Decides what becomes of commands on the links of all instances, or of those named. */
  fate(decide: LosingLink['fate'] | Fate, names?: readonly string[]): void;
  /** A log and a load without a run, and how it is judged when the test has done what it wanted. */
  byHand(): { log: Acknowledgements; load: Workload; judge(): Promise<readonly string[]> };
  /** Something of everything was answered well, and no invariant is broken. */
  expectGood(ran: Ran): void;
}

/** A suite over two brokers on one MongoDB; `world` is for inside of tests. */
export function onCluster(title: string, body: (world: OnCluster) => void): void {
  needs('mongodb', title, () => {
    let server: MongoServer;
    let cluster: Cluster;
    beforeAll(async () => {
      server = await startMongo();
    }, slow);
    beforeEach(async () => {
      cluster = await startCluster({ server });
    }, slow);
    afterEach(() => cluster.close(), slow);
    afterAll(() => server.close(), slow);

    const place = () => ({ place: cluster, engine: cluster.engine });
    const fate: OnCluster['fate'] = (decide, names = ['a', 'b']) => {
      for (const { name, losing } of cluster.instances)
        if (names.includes(name)) losing.fate = typeof decide === 'string' ? () => decide : decide;
    };
    body({
      get cluster() {
        return cluster;
      },
      get server() {
        return server;
      },
      fate,
      run: async (fault) =>
        runFault({
          ...place(),
          lines: () => cluster.lines,
          lift: async () => {
            fate('carry');
            await cluster.fault('pass');
          },
          holdings: { brokers: () => holdingsHere(cluster) },
          ...fault,
        }),
      byHand: () => {
        const log = openAcknowledgements();
        const load = openWorkload(cluster, log, chosenSeed());
        const judge = async () => {
          const recoveries = await recover(cluster, Date.now(), load.login);
          return violations(await gather({ ...place(), log, lines: cluster.lines, recoveries }));
        };
        return { log, load, judge };
      },
      expectGood: (ran) => {
        for (const kind of privileged) expect([kind, ran.honoured(kind) > 0]).toEqual([kind, true]);
        expect(ran.judged).toEqual(clean(ran));
      },
    });
  });
}
