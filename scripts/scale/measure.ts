import { setTimeout as wait } from 'node:timers/promises';
import { feedTimes } from '../../src/stores/authority-feed.ts';
import { collections } from '../../src/stores/collections.ts';
import { callTool, login, postForm, refresh, register } from '../../test/support/client.ts';
import type { Tokens } from '../../test/support/client.ts';
import { startSystem } from '../../test/support/system.ts';
import { countingEngine, documentBytes } from './counting-engine.ts';
import type { Operation } from './counting-engine.ts';

/** What something costs the database. */
export interface Cost {
  readonly reads: number;
  readonly writes: number;
  /** Of the reads, those that name no id: every shard is asked. */
  readonly scattered: number;
  /** Where those are. */
  readonly scatteredIn: readonly string[];
  /** Round trips one after the other, with and without a write among them. */
  readonly readWaves: number;
  readonly writeWaves: number;
  readonly bytes: number;
}

export interface Measured {
  readonly costs: Readonly<Record<Measure, Cost>>;
  /** Average bytes of a document, by collection. */
  readonly documents: Readonly<Record<string, number>>;
}

export type Measure =
  | 'registration'
  | 'first sign-in'
  | 'sign-in'
  | 'refresh'
  | 'tool call, nothing remembered'
  | 'tool call, remembered'
  | 'revocation';

function costOf(operations: readonly Operation[]): Cost {
  // Looking at the feed and for a newer policy goes on by itself, and so does the sharing of limits; what is appended to the feed belongs to the step.
  const byItself = ['authority_changes', 'policy_revisions'];
  const own = operations.filter(
    ({ collection, kind }) => collection !== 'rate_windows' && (!byItself.includes(collection) || kind === 'write'),
  );
  const writes = own.filter(({ kind }) => kind === 'write');
  const writeWaves = new Set(writes.map(({ wave }) => wave));
  const waves = new Set(own.map(({ wave }) => wave));
  const scattered = own.filter(({ kind, isTargeted }) => kind === 'read' && !isTargeted);
  return {
    reads: own.length - writes.length,
    writes: writes.length,
    scattered: scattered.length,
    scatteredIn: [...new Set(scattered.map(({ collection }) => collection))],
    readWaves: waves.size - writeWaves.size,
    writeWaves: writeWaves.size,
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Runs the whole product as one of several instances would run, over a store that counts. */
export async function measure(): Promise<Measured> {
  const engine = countingEngine();
  const system = await startSystem({
    configure: (config) => ({ ...config, store: 'mongodb://counted/drawbridge', log: { level: 'error' } }),
    wrapEngine: () => engine,
  });
  const costs: Partial<Record<Measure, Cost>> = {};
  /** What looks after open requests asks too when the machine is slow, so of several runs the one with the fewest operations counts. */
  const during = async <T>(name: Measure, work: () => Promise<T>): Promise<T> => {
    const from = engine.operations.length;
    const result = await work();
    const cost = costOf(engine.operations.slice(from));
    const known = costs[name];
    if (known === undefined || cost.reads + cost.writes < known.reads + known.writes) costs[name] = cost;
    return result;
  };
  try {
    // An instance that has just started remembers nothing until it has looked at the feed.
    await wait(3 * feedTimes.interval);
    const client = await during('registration', () => register(system));
    await during('first sign-in', () => login(system, { client, tenant: 'acme' }));
    for (let run = 0; run < 3; run += 1) {
      const { tokens } = await during('sign-in', () => login(system, { client, tenant: 'acme' }));
      const next = await during('refresh', async () => (await (await refresh(system, client, tokens.refresh_token)).json()) as Tokens);
      const call = async () => void (await (await callTool(system, next.access_token, 'whoami')).text());
      await during('tool call, nothing remembered', call);
      await during('tool call, remembered', call);
      const fields = { token: next.refresh_token, client_id: client.client_id };
      await during('revocation', () => postForm(`${system.issuer}/revoke`, fields));
    }
    const sizes = await Promise.all(
      collections.map(async (collection) => [collection.name, await documentBytes(engine, collection)] as const),
    );
    return { costs: costs as Record<Measure, Cost>, documents: Object.fromEntries(sizes) };
  } finally {
    await system.close();
  }
}
