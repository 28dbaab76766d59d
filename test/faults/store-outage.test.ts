/** The store is gone, silent or slow while two brokers are at work: what they answer meanwhile, and what is true afterwards. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { FaultMode } from '../support/fault-proxy.ts';
import type { During } from './support/fault-run.ts';
import { onCluster, privileged, slow } from './support/on-cluster.ts';

/** What needs no store is served by every instance for as long as the fault lasts, and readiness tells the truth. */
async function serveOn({ log, load, place }: During): Promise<void> {
  // At once, while instances still remember what these may do.
  await Promise.all(load.families.slice(0, 4).flatMap((family) => place.instances.map(({ name }) => load.call(family, name))));
  const paths = ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp', '/jwks', '/healthz'];
  const check = async (instance: string): Promise<void> => {
    const ask = async (path: string) => (await log.ask({ kind: 'other', url: `${place.issuer}${path}`, instance }))?.status;
    for (const path of paths) expect([path, await ask(path)]).toEqual([path, 200]);
    expect(['/readyz', await ask('/readyz')]).toEqual(['/readyz', 503]);
  };
  for (let round = 0; round < 3; round += 1) {
    await wait(600);
    await Promise.all(place.instances.map(({ name }) => check(name)));
  }
}

onCluster('two brokers whose store fails under load', (world) => {
  it(
    'without any fault nothing is refused that should not be, and every invariant holds [F26]',
    async () => {
      const ran = await world.run({ inject: async () => Promise.resolve(), times: [500, 1_500, 0] });
      expect(ran.evidence.entries.filter(({ status }) => status === null || status >= 500)).toEqual([]);
      world.expectGood(ran);
    },
    slow,
  );

  it.each<[string, FaultMode]>([
    ['nobody listens [F2]', 'refuse'],
    ['it accepts and never answers [F4]', 'hang'],
  ])(
    '%s: 503 in time with a time to come back, no tool is called, metadata and keys are served, and it recovers by itself',
    async (_, mode) => {
      const ran = await world.run({
        inject: () => world.cluster.fault(mode),
        meanwhile: serveOn,
        isBlind: true,
        times: [1_000, 4_500, 800],
      });
      const answered = ran.during.filter(({ kind }) => privileged.includes(kind));
      expect(answered.length).toBeGreaterThan(3);
      for (const { kind, status, retryAfter, sentAt, endedAt } of answered) {
        expect([kind, status, Number(retryAfter) >= 1 && Number(retryAfter) <= 5]).toEqual([kind, 503, true]);
        expect((endedAt ?? Number.POSITIVE_INFINITY) - sentAt).toBeLessThan(5_500);
      }
      world.expectGood(ran);
    },
    slow,
  );
});
