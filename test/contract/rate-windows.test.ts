import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import type { Log } from '../../src/ports/log.ts';
import type { RateCounter, RateWindows } from '../../src/ports/rate-windows.ts';
import { collections, rateWindows } from '../../src/stores/collections.ts';
import { openTallies } from '../../src/stores/rate-tallies.ts';
import { openRateWindows, sharingBounds } from '../../src/stores/rate-windows.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';

const bounds = { interval: 40, soon: 10, afterFailure: 60, rows: 32, sources: 1_000 };
const { mac } = openSealing(new Secret<'key'>(Buffer.alloc(32, 7).toString('base64url')));
const start = Date.UTC(2026, 0, 1, 12);

let folder: string;
let file: DocumentEngine;
let now: number;
/** What happens around each write: 'lost' takes effect and is not answered. */
let fault: 'down' | 'lost' | 'hangs' | null;
let writes: string[];
let logged: string[];
const open: RateWindows[] = [];

async function behave<T>(work: () => Promise<T>): Promise<T> {
  if (fault === 'hangs') return new Promise(() => undefined);
  if (fault === 'down') throw new StoreUnavailable('down');
  const answer = await work();
  if (fault === 'lost') throw new StoreUnavailable('lost');
  return answer;
}

/** One instance over the store all share. */
function instance(changes: Partial<typeof bounds> = {}): RateWindows {
  const engine: DocumentEngine = {
    ...file,
    insert: (collection: CollectionDeclaration, document) => {
      writes.push(document.id);
      return behave(() => file.insert(collection, document));
    },
    updateIf: (collection, id, ...rest) => {
      writes.push(id);
      return behave(() => file.updateIf(collection, id, ...rest));
    },
  };
  const log: Log = { info: () => undefined, warn: (event) => void logged.push(event), error: () => undefined };
  const windows = openRateWindows(engine, { clock: { now: () => now }, entropy: nodeEntropy, log, mac, bounds: { ...bounds, ...changes } });
  open.push(windows);
  return windows;
}

const rows = () => file.page(rateWindows, { limit: 1_000 });
const times = (count: number, counter: RateCounter, source = 'a') => {
  for (let round = 0; round < count; round += 1) counter.count(source);
};

/** Waits until it is so; a bound so generous that only a fault reaches it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 500 && !(await isSo()); round += 1) await wait(10);
  expect(await isSo()).toBe(true);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-rates-'));
  file = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
  [now, fault, writes, logged] = [start, null, [], []];
});
afterEach(async () => {
  for (const windows of open.splice(0)) windows.close();
  await file.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a counter', () => {
  it('refuses at once what one instance counted, until the minute is over', () => {
    const counter = instance().counter('register', 5);
    times(4, counter);
    expect(counter.wait('a')).toBe(0);
    times(1, counter);
    now += 20_000;
    expect(counter.wait('a')).toBe(40_000);
    expect(counter.wait('b')).toBe(0);
    now += 40_000;
    expect(counter.wait('a')).toBe(0);
  });

  it('adds up what all instances count, and a new one learns it when it meets the source', async () => {
    const [here, there] = [instance().counter('token', 20), instance().counter('token', 20)];
    times(12, here);
    times(12, there);
    await until(() => here.wait('a') > 0 || there.wait('a') > 0);
    times(1, here);
    times(1, there);
    await until(() => here.wait('a') > 0 && there.wait('a') > 0);
    const late = instance();
    const [same, other] = [late.counter('token', 20), late.counter('register', 20)];
    expect(same.wait('a')).toBe(0);
    times(1, same);
    times(1, other);
    await until(() => same.wait('a') > 0);
    await until(async () => (await rows()).length === 2);
    expect(other.wait('a')).toBe(0);
    expect(logged).toEqual([]);
  });

  it('hands over what it counted last when it is closed, and so outlives its process', async () => {
    const before = instance({ interval: 60_000, soon: 60_000 });
    times(20, before.counter('token', 20));
    before.close();
    const after = instance().counter('token', 20);
    times(1, after);
    await until(() => after.wait('a') > 0);
  });

  it('says nothing of a store that closed before its last word', async () => {
    times(1, instance().counter('token', 20));
    await until(async () => (await rows()).length === 1);
    const last = instance({ interval: 60_000 });
    times(1, last.counter('token', 20));
    const before = writes.length;
    last.close();
    await file.close();
    await until(() => writes.length === before + 2);
    await wait(20);
    expect(logged).toEqual([]);
  });

  it('keeps no address, and finds none again by it in the next minute', async () => {
    const counter = instance().counter('token', 20);
    times(1, counter, '203.0.113.77');
    await until(async () => (await rows()).length === 1);
    now += 60_000;
    times(1, counter, '203.0.113.77');
    await until(async () => (await rows()).length === 2);
    const [first, second] = await rows();
    expect(JSON.stringify([first, second])).not.toContain('203.0');
    const digests = [first, second].map((row) => row?.id.split(':')[2]);
    expect(new Set(digests).size).toBe(2);
    for (const digest of digests) expect(digest).toMatch(/^[\w-]{43}$/);
    expect(first?.['expiresAt']).toBe(start + 120_000);
    await file.sweep(rateWindows, start + 119_999);
    expect(await rows()).toHaveLength(2);
    await file.sweep(rateWindows, start + 120_000);
    expect(await rows()).toHaveLength(1);
  });
});

describe('a store that does not answer', () => {
  it.each(['down', 'hangs'] as const)('and %s leaves every instance counting alone, costs one try at a time and one line', async (how) => {
    fault = how;
    const counter = instance().counter('token', 20);
    for (let source = 0; source < 40; source += 1) times(19, counter, `s${source}`);
    await wait(150);
    // The first share is of many rows; after it fails one row asks for all.
    expect(writes.length).toBeGreaterThanOrEqual(bounds.rows);
    expect(writes.length).toBeLessThan(bounds.rows + 5);
    times(1, counter, 's7');
    expect([counter.wait('s7'), counter.wait('s8')]).toEqual([60_000, 0]);
    expect(logged).toEqual(how === 'down' ? ['limits.unshared'] : []);
  });

  it('hears what was counted meanwhile once it is back', async () => {
    fault = 'down';
    const here = instance().counter('token', 20);
    times(20, here);
    await until(() => logged.length > 0);
    fault = null;
    const there = instance().counter('token', 20);
    times(1, there);
    await until(async () => Object.values((await rows())[0] ?? {}).includes(20));
    times(1, there);
    await until(() => there.wait('a') > 0);
  });

  it('and loses its answers counts nothing twice', async () => {
    fault = 'lost';
    const here = instance().counter('token', 20);
    times(5, here);
    await until(() => writes.length > 3);
    fault = null;
    times(1, here);
    await until(async () => Object.values((await rows())[0] ?? {}).includes(6));
    const there = instance().counter('token', 20);
    times(1, there);
    await until(async () => Object.keys((await rows())[0] ?? {}).length === 4);
    await wait(20);
    times(12, there);
    expect(there.wait('a')).toBe(0);
    times(1, there);
    expect(there.wait('a')).toBeGreaterThan(0);
  });
});

describe('a flood from ten thousand addresses', () => {
  it('costs a bounded number of writes, and whoever is hot among them is shared first', async () => {
    const counter = instance({ interval: 100 }).counter('register', 600);
    for (let source = 0; source < 10_000; source += 1) {
      counter.count(`s${source}`);
      if (source % 1_000 === 0) times(2, counter, 'hot');
    }
    await wait(250);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThanOrEqual(3 * bounds.rows);
    expect(Object.values((await rows()).find((row) => Object.values(row).includes(20)) ?? {})).toContain(20);
  });

  it('is remembered in bounds, and what was forgotten is learned from the store', async () => {
    const forgotten: string[] = [];
    const tallies = openTallies('register', 100, ({ source }) => void forgotten.push(source));
    const hot = tallies.meet(1, 'hot');
    hot.own = 30;
    for (let source = 0; source < 10_000; source += 1) {
      tallies.meet(1, `s${source}`).own = 1;
      expect(tallies.size).toBeLessThanOrEqual(100);
    }
    expect([tallies.find(1, 'hot'), forgotten.includes('hot'), forgotten.length]).toEqual([hot, false, 10_001 - tallies.size]);
    for (let source = 0; source < 200; source += 1) tallies.meet(1, `t${source}`).own = 2;
    expect([tallies.find(1, 'hot'), tallies.size <= 100]).toEqual([undefined, true]);
    expect([tallies.find(2, 't199'), tallies.meet(2, 't199').own, tallies.size]).toEqual([undefined, 0, 1]);

    const counter = instance({ sources: 50 }).counter('token', 20);
    times(20, counter);
    await until(async () => (await rows()).length === 1);
    await wait(20);
    for (let source = 0; source < 100; source += 1) times(2, counter, `s${source}`);
    expect(counter.wait('a')).toBe(0);
    times(1, counter);
    await until(() => counter.wait('a') > 0);
  });

  it('of the real bounds: at most some thirty writes a second and ten thousand sources a counter', () => {
    expect(sharingBounds).toMatchObject({ interval: 1_000, rows: 32, sources: 10_000 });
  });
});
