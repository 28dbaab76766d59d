import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import type { RateCounter, RateWindows } from '../../src/ports/rate-windows.ts';
import { rateWindows } from '../../src/stores/collections.ts';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { openRateWindows, sharingBounds } from '../../src/stores/rate-windows.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';

const { mac } = openSealing(new Secret<'key'>(Buffer.alloc(32, 7).toString('base64url')));
const bounds = { ...sharingBounds, interval: 100, soon: 20, afterFailure: 200 };
/** Its minute does not end during a test. */
const clock = { now: () => Date.UTC(2026, 0, 1, 12) };

needs('mongodb', 'limits of three instances over MongoDB', () => {
  let server: MongoServer;
  let proxy: FaultProxy;
  const engines: DocumentEngine[] = [];
  const instances: RateWindows[] = [];
  const logged: string[] = [];
  const log = { info: () => undefined, warn: (event: string) => void logged.push(event), error: () => undefined };

  beforeAll(async () => {
    server = await startMongo();
    proxy = await startFaultProxy(server.host);
    const database = server.database();
    for (const through of [undefined, undefined, proxy.host]) {
      const engine = await openMongoEngine({ url: server.url(database, through), collections: [rateWindows], clock: systemClock });
      engines.push(engine);
      instances.push(openRateWindows(engine, { clock, entropy: nodeEntropy, log, mac, bounds }));
    }
  }, 60_000);
  afterAll(async () => {
    for (const instance of instances) instance.close();
    for (const engine of engines) await engine.close();
    await proxy.close();
    await server.close();
  });

  const countersOf = (name: string) => instances.map((instance) => instance.counter(name, 20));
  const times = (count: number, counter: RateCounter | undefined) => {
    for (let round = 0; round < count; round += 1) counter?.count('203.0.113.9');
  };
  const isRefused = (counter: RateCounter | undefined) => (counter?.wait('203.0.113.9') ?? 0) > 0;
  async function until(isSo: () => boolean): Promise<void> {
    for (let round = 0; round < 1_000 && !isSo(); round += 1) await wait(10);
    expect(isSo()).toBe(true);
  }

  it('add up, although all begin at the same moment', async () => {
    const counters = countersOf('together');
    for (const counter of counters) times(7, counter);
    await wait(300);
    for (const counter of counters) if (!isRefused(counter)) times(1, counter);
    await until(() => counters.every(isRefused));
    expect(logged).toEqual([]);
  });

  it('hold at an instance that gets no answers, and what it told nevertheless is counted once', async () => {
    const [here, , cut] = countersOf('cut');
    await proxy.set('swallow', { resets: true });
    times(15, cut);
    await until(() => logged.length > 0);
    times(4, cut);
    expect(isRefused(cut)).toBe(false);
    times(1, cut);
    expect(isRefused(cut)).toBe(true);
    await proxy.set('pass');
    const told = async () => (await engines[0]?.page(rateWindows))?.find(({ id }) => id.startsWith('cut:')) ?? {};
    for (let round = 0; round < 100 && !Object.values(await told()).includes(20); round += 1) await wait(100);
    expect(Object.values(await told())).toContain(20);
    times(1, here);
    await until(() => isRefused(here));
    expect(logged).toEqual(['limits.unshared']);
  }, 30_000);
});
