/** A store that answers late: nobody waits without end, not too many wait at a time, and what is answered late is not wrong. */
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import Koa from 'koa';
import { describe, expect, it } from '@jest/globals';
import { Overdue, openPatience, patience, patiently } from '../../src/http/patience.ts';
import type { During } from './support/fault-run.ts';
import { onCluster, privileged, slow } from './support/on-cluster.ts';

/** `/readyz` says that requests should not come here, `/healthz` that the process is well, and both at once. */
async function askHealth({ log, place }: During): Promise<void> {
  await wait(2_000);
  for (const { name: instance } of place.instances) {
    const ask = async (path: string) =>
      (await log.ask({ kind: 'other', url: `${place.issuer}${path}`, instance, deadlineMs: 2_000 }))?.status;
    expect([await ask('/healthz'), await ask('/readyz')]).toEqual([200, 503]);
  }
}

onCluster('two brokers whose store is slow under load', (world) => {
  it.each<[string, number, number]>([
    ['two seconds for each step [F3]', 950, 5_000],
    ['ten seconds for each step [F3]', 5_000, 4_000],
  ])(
    '%s: every request ends within its deadline, those refused with a time to come back, and health is told truly',
    async (_, ms, during) => {
      const ran = await world.run({
        inject: () => world.cluster.fault('delay', { ms }),
        meanwhile: askHealth,
        times: [800, during, 500],
      });
      const underFault = ran.evidence.entries.filter(({ sentAt }) => sentAt >= ran.span.from && sentAt <= ran.span.to);
      const asked = underFault.filter(({ kind }) => privileged.includes(kind));
      expect(asked.length).toBeGreaterThan(3);
      const refused = asked.filter(({ status }) => status === 503);
      for (const { kind, retryAfter } of refused) expect([kind, Number(retryAfter) >= 1 && Number(retryAfter) <= 5]).toEqual([kind, true]);
      const longest = Math.max(...asked.map(({ sentAt, endedAt }) => (endedAt ?? Number.POSITIVE_INFINITY) - sentAt));
      expect(longest).toBeGreaterThan(1_500);
      expect(longest).toBeLessThan(patience.program + 1_500);
      world.expectGood(ran);
    },
    slow,
  );
});

describe('the patience with a request', () => {
  /** An app whose work ends when the test says so. */
  async function slowApp(most: number, longest: number) {
    const waiting: (() => void)[] = [];
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = error instanceof Overdue ? 503 : 500;
      }
    });
    app.use(patiently(openPatience(most)(longest)));
    app.use(async (ctx) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      ctx.status = 200;
    });
    const server = createServer(app.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
    const finish = () => waiting.splice(0).forEach((resolve) => resolve());
    return { ask: async () => (await fetch(url)).status, finish, close: () => new Promise((resolve) => server.close(resolve)) };
  }

  it('ends, and the request counts until its work is over', async () => {
    const { ask, finish, close } = await slowApp(2, 1_000);
    expect(await Promise.all([ask(), ask()])).toEqual([503, 503]);
    // Both were answered; their work is still under way.
    const began = Date.now();
    expect(await ask()).toBe(503);
    expect(Date.now() - began).toBeLessThan(900);
    finish();
    await wait(20);
    const third = ask();
    await wait(20);
    finish();
    expect(await third).toBe(200);
    await close();
  });

  it('is for so many at a time: one more is refused at once and the others are answered', async () => {
    const { ask, finish, close } = await slowApp(3, 5_000);
    const waiting = [ask(), ask(), ask()];
    await wait(50);
    expect(await ask()).toBe(503);
    finish();
    expect(await Promise.all(waiting)).toEqual([200, 200, 200]);
    await close();
  });
});
