/** A start while the store is away: it ends in words, whoever started it starts it again, and the first one that finds the store serves. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { login } from '../support/client.ts';
import type { FaultMode, FaultProxy } from '../support/fault-proxy.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';

const slow = 60_000;
/** How long a start looks for its store. */
const longestMs = 10_000;

needs('mongodb', 'a start over a MongoDB that is away', () => {
  let server: MongoServer;
  let link: FaultProxy;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    server = await startMongo();
    link = await startFaultProxy(server.host);
  }, slow);
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  }, slow);
  afterAll(async () => {
    await link.close();
    await server.close();
    await removeTemporaryFolders();
  }, slow);

  it.each<FaultMode>(['refuse', 'hang'])(
    'ends soon with one sentence and no password, nothing is served meanwhile, and the next start after the store is back serves: %s [F1]',
    async (mode) => {
      await link.set(mode);
      const [port, folder] = [await freePorts(), temporaryFolder()];
      const url = server.url(server.database(), link.host).replace('mongodb://', 'mongodb://ana:hunter2@');
      const launch = { port, folder, env: { PORT: String(port), DRAWBRIDGE_STORE: url } };
      const running = runProduct(launch);
      const seen = new Set<string>();
      const state = { isOver: false };
      const watching = (async () => {
        while (!state.isOver) {
          for (const path of ['/healthz', '/readyz', '/jwks']) {
            const status = await fetch(`http://127.0.0.1:${port}${path}`).then(
              (answer) => `${answer.status} ${answer.headers.get('retry-after') ?? ''}`,
              () => 'refused',
            );
            seen.add(status);
          }
          await wait(50);
        }
      })();
      const ended = await running;
      state.isOver = true;
      await watching;
      expect(ended.code).toBe(1);
      expect(ended.afterMs).toBeLessThan(longestMs);
      expect(ended.stderr.trim().split('\n').at(-1)).toContain(`cannot open the store mongodb://${link.host}/`);
      expect(ended.stderr + ended.stdout).not.toContain('hunter2');
      expect(ended.stdout).not.toContain('"ready":true');
      // The port is taken first: whoever asks is told that it is not ready yet, health checks too.
      expect([...seen].sort()).toEqual(['503 1', 'refused']);

      await link.set('pass');
      const product = await startProduct({ ...launch, env: { ...launch.env, DRAWBRIDGE_STORE: url.replace('ana:hunter2@', '') } });
      closing.push(() => product.stop());
      expect(await Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(`${product.issuer}${path}`)).status))).toEqual([
        200, 200,
      ]);
      expect((await login(product)).tokens.token_type).toBe('Bearer');
      // The same process, when the store goes away once it serves: alive, not ready, and ready again by itself.
      await link.set(mode);
      await wait(600);
      expect(await Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(`${product.issuer}${path}`)).status))).toEqual([
        200, 503,
      ]);
      await link.set('pass');
      const lifted = Date.now();
      let status = 503;
      while (status === 503 && Date.now() - lifted < 10_000) {
        await wait(100);
        status = (await fetch(`${product.issuer}/readyz`)).status;
      }
      expect(status).toBe(200);
      expect((await login(product)).tokens.token_type).toBe('Bearer');
    },
    slow,
  );
});
