import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { ClientId, GrantId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { Standing } from '../../src/domain/standing.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import type { AuthorityFeed } from '../../src/ports/authority-feed.ts';
import { type DocumentEngine, StoreUnavailable, type Watcher } from '../../src/ports/document-engine.ts';
import type { Log, LogFields } from '../../src/ports/log.ts';
import { type FeedTimes, openAuthorityFeed } from '../../src/stores/authority-feed.ts';
import { authorityChanges, collections } from '../../src/stores/collections.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { nothingProven } from './assurance.ts';

export const grantId = GrantId.parse('g'.repeat(22));

export const standing: Standing = {
  grantId,
  identityId: 'identity of ana',
  client: { id: ClientId.parse('app'), name: 'App' },
  user: { id: UserId.parse('u_ana'), name: null, email: null },
  tenant: { id: TenantId.parse('acme'), name: 'Acme' },
  roles: [{ id: RoleId.parse('viewer'), name: 'Viewer' }],
  endsAt: null,
  permissions: [],
  resource: 'http://localhost/mcp',
  scope: ['read'],
  assurance: nothingProven,
  demand: noDemand,
};

export interface Logged extends LogFields {
  readonly event: string;
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ event, ...fields });
  return { lines, info: keep, warn: keep, error: keep };
}

/** Waits until it is so; a bound so generous that only a fault reaches it. How long it took (ms). */
export async function until(isSo: () => boolean | Promise<boolean>, ms = 5_000): Promise<number> {
  const began = performance.now();
  while (!(await isSo()) && performance.now() - began < ms) await wait(5);
  const took = performance.now() - began;
  expect(await isSo()).toBe(true);
  return took;
}

/** All in ms. Looks that come too late for a test, and looks that come at once. */
export const deaf: FeedTimes = { interval: 60_000, staleness: 60_000, overlap: 5_000, kept: 60_000 };
export const quick: FeedTimes = { interval: 20, staleness: 150, overlap: 300, kept: 60_000 };

/** A store of a file that several instances share as if each were a process, and which can fail in what concerns their feeds. */
export interface FeedWorld {
  readonly engine: DocumentEngine;
  /** How many more rows of the feed can be written before one cannot. */
  writable: number;
  /** Whether anything can be read in order. */
  isReadable: boolean;
  /** Who wants to be told of inserts; nobody is unless the test does. */
  readonly watchers: ReadonlySet<Watcher>;
  /** The store as one instance has it. */
  readonly failing: DocumentEngine;
  instance(times?: FeedTimes): AuthorityFeed & { readonly lines: Logged[] };
  appended(): Promise<unknown[]>;
  close(): Promise<void>;
}

export async function openFeedWorld(): Promise<FeedWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-feed-'));
  const engine = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
  const watchers = new Set<Watcher>();
  const feeds: AuthorityFeed[] = [];
  const failing: DocumentEngine = {
    insert: async (collection, document) => {
      if (collection.name === authorityChanges.name && (world.writable -= 1) === -1) throw new StoreUnavailable('down');
      return engine.insert(collection, document);
    },
    get: (...args) => engine.get(...args),
    find: (...args) => engine.find(...args),
    updateIf: (...args) => engine.updateIf(...args),
    delete: (...args) => engine.delete(...args),
    page: (...args) => (world.isReadable ? engine.page(...args) : Promise.reject(new StoreUnavailable('down'))),
    sweep: (...args) => engine.sweep(...args),
    watch: (_, watcher) => {
      watchers.add(watcher);
      return { close: () => void watchers.delete(watcher) };
    },
    close: () => engine.close(),
  };
  const world: FeedWorld = {
    engine,
    writable: Number.POSITIVE_INFINITY,
    isReadable: true,
    watchers,
    failing,
    instance: (times = quick) => {
      const log = keptLog();
      const feed = openAuthorityFeed(failing, { clock: { now: () => Date.now() }, entropy: nodeEntropy, log, times });
      feeds.push(feed);
      return { ...feed, lines: log.lines };
    },
    appended: async () => (await engine.page(authorityChanges)).map(({ kind, key }) => ({ kind, key })),
    close: async () => {
      for (const feed of feeds) feed.close();
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
