import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import { startDemoMcp } from '../../src/demo/mcp-server.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { collections } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { startProduct, temporaryFolder } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { freshMongo } from '../support/system.ts';
import { configuration } from '../topology/configuration.ts';
import { flood, quiet, startLoad } from './load.ts';
import type { Tally, Target } from './load.ts';
import { inspected, openMemory } from './memory.ts';
import type { Look, Memory } from './memory.ts';
import { trendOf } from './trend.ts';
import type { Sample, Trend } from './trend.ts';

export interface SoakPlan {
  readonly seconds: number;
  /** Between two looks. */
  readonly everySeconds: number;
  /** Without the flood, to know what a login takes. */
  readonly quietSeconds: number;
  /** The store of the product: `sqlite:` and a path, or a MongoDB database; what TEST_STORE_URL says when left out. */
  readonly store?: string;
  readonly say?: (line: string) => void;
}

/** How much each may grow while it is judged: what a longer run shows of a leak, a shorter one has to tell from noise. */
export const bounds = { residentMb: 16, heapMb: 2, externalMb: 2 };

export interface SoakReport {
  readonly resident: Trend | null;
  readonly heap: Trend;
  readonly external: Trend;
  readonly before: Tally;
  readonly flooded: Tally;
  /** Rows of each collection at the end. */
  readonly rows: Readonly<Record<string, number>>;
  /** Milliseconds of a login: the slowest of ten, without the flood and with it. */
  readonly loginMs: readonly [number, number];
}

const slowestOfTen = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? Number.NaN;

async function countRows(store: string): Promise<Record<string, number>> {
  const engine = await openStore(store, { clock: systemClock, log: () => undefined });
  const rows: Record<string, number> = {};
  for (const collection of collections) {
    let [count, after] = [0, ''];
    for (;;) {
      const page = await engine.page(collection, { after, limit: 1_000 });
      const last = page.at(-1);
      if (last === undefined) break;
      count += page.length;
      after = last.id;
    }
    rows[collection.name] = count;
  }
  await engine.close();
  return rows;
}

interface Looked extends Look {
  readonly at: number;
}

async function watch(memory: Memory, { seconds, everySeconds, say }: SoakPlan): Promise<Looked[]> {
  const looks: Looked[] = [];
  const began = performance.now();
  for (let next = 0; next <= seconds; next += everySeconds) {
    await delay(Math.max(0, began + next * 1_000 - performance.now()));
    const look = { at: performance.now() - began, ...(await memory.look()) };
    looks.push(look);
    const [resident, heap] = [look.residentMb?.toFixed(1) ?? '?', look.heapMb.toFixed(2)];
    say?.(`${Math.round(next)} s: ${resident} MB resident, ${heap} MB heap, ${look.externalMb.toFixed(2)} MB beside it`);
  }
  return looks;
}

async function underLoad(target: Target, memory: Memory, plan: SoakPlan) {
  const before = await startLoad(target, quiet);
  await delay(plan.quietSeconds * 1_000);
  await before.stop();
  const flooded = await startLoad(target, flood);
  const looks = await watch(memory, plan);
  await flooded.stop();
  return { before: before.tally, flooded: flooded.tally, looks };
}

/** The product as a process of its own, in a flood of strangers, with people signing in and out in the midst of it. */
export async function soak(plan: SoakPlan): Promise<SoakReport> {
  const [port, folder] = [await freePorts(), temporaryFolder()];
  const issuer = `http://localhost:${port}`;
  const client_secret = randomBytes(32).toString('base64url');
  const client = { client_id: 'drawbridge', client_secret, redirect_uris: [`${issuer}/callback/demo`] };
  const idp = await startDemoIdp({ port: port + 1, clients: [client] });
  const upstream = await startDemoMcp({ port: port + 2, gatewayJwksUrl: `${issuer}/jwks`, gatewayIssuer: issuer });
  const key = randomBytes(32).toString('base64url');
  const config = configuration({ issuer, port, idp: idp.issuer, upstream: upstream.url, client_secret });
  const file = { ...config, key, trustedProxies: ['127.0.0.1'], log: { level: 'error' } };
  writeFileSync(join(folder, 'drawbridge.yaml'), JSON.stringify(file));
  const database = plan.store === undefined ? freshMongo() : null;
  const store = plan.store ?? database?.store ?? `sqlite:${join(folder, 'soak.db')}`;
  const env = { ...inspected, DRAWBRIDGE_STORE: store };
  const product = await startProduct({ port, folder, args: ['--config', 'drawbridge.yaml'], env });
  const memory = await openMemory(product.pid, product.stderr());
  try {
    const { before, flooded, looks } = await underLoad(product, memory, plan);
    const of = (value: (look: Look) => number | null): Sample[] =>
      looks.flatMap((look) => (value(look) === null ? [] : { at: look.at, mb: value(look) ?? 0 }));
    const resident = of(({ residentMb }) => residentMb);
    memory.close();
    await product.stop();
    return {
      resident: resident.length === 0 ? null : trendOf(resident, bounds.residentMb),
      heap: trendOf(
        of(({ heapMb }) => heapMb),
        bounds.heapMb,
      ),
      external: trendOf(
        of(({ externalMb }) => externalMb),
        bounds.externalMb,
      ),
      before,
      flooded,
      rows: await countRows(store),
      loginMs: [slowestOfTen(before.logins), slowestOfTen(flooded.logins)],
    };
  } finally {
    memory.close();
    await product.stop();
    await Promise.all([idp.close(), upstream.close(), database?.drop()]);
  }
}
