import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/platform/system-clock.ts';
import { type CollectionDeclaration, type DocumentEngine, StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openServing } from '../../src/stores/mongo/client.ts';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { Lifeline } from '../../src/stores/mongo/lifeline.ts';
import { type FaultMode, type FaultProxy, type FaultSettings, startFaultProxy } from '../support/fault-proxy.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';

const rows: CollectionDeclaration = { name: 'rows', unique: ['code'], indexes: ['owner'], expires: 'expiresAt' };
const LIMIT_MS = 5_000;

interface Broken {
  readonly engine: DocumentEngine;
  readonly proxy: FaultProxy;
}

type Told = { readonly answer: unknown; readonly ms: number };

const operations: Readonly<Record<string, (engine: DocumentEngine) => Promise<unknown>>> = {
  insert: (engine) => engine.insert(rows, { id: 'new', owner: 'ana' }),
  get: (engine) => engine.get(rows, 'a'),
  find: (engine) => engine.find(rows, 'owner', 'ana'),
  page: (engine) => engine.page(rows),
  updateIf: (engine) => engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' } }, 'after'),
  delete: (engine) => engine.delete(rows, 'gone', { state: 'fresh' }),
  sweep: (engine) => engine.sweep(rows, 1),
};

/** The answer or the error, and how long it took. */
async function told(work: Promise<unknown>): Promise<Told> {
  const started = performance.now();
  const answer = await work.catch((error: unknown) => error);
  return { answer, ms: performance.now() - started };
}

/** Asks until it is answered; how often it was refused before. */
async function untilAnswered(work: () => Promise<unknown>, ms: number): Promise<number> {
  const end = performance.now() + ms;
  for (let refused = 0; ; refused += 1) {
    try {
      await work();
      return refused;
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

needs('mongodb', 'faults between the engine and MongoDB', () => {
  let server: MongoServer;
  const open: Broken[] = [];
  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  afterAll(async () => {
    for (const { engine, proxy } of open) {
      await engine.close();
      await proxy.close();
    }
    await server.close();
  });

  /** An engine behind a proxy, over a document to redeem, one to delete and one that has expired. */
  async function broken(): Promise<Broken> {
    const proxy = await startFaultProxy(server.host);
    const url = server.url(server.database(), proxy.host);
    const engine = await openMongoEngine({ url, collections: [rows], clock: systemClock });
    open.push({ engine, proxy });
    await engine.insert(rows, { id: 'a', owner: 'ana', state: 'fresh', count: 0 });
    await engine.insert(rows, { id: 'gone', state: 'fresh' });
    await engine.insert(rows, { id: 'old', expiresAt: 1 });
    return { engine, proxy };
  }

  const everything = (engine: DocumentEngine) =>
    Promise.all(Object.entries(operations).map(async ([name, ask]) => [name, await told(ask(engine))] as const));

  describe('every operation is refused in time, and all is well again when the fault ends', () => {
    const faults: readonly [string, FaultMode, FaultSettings][] = [
      ['nobody listens', 'refuse', {}],
      ['accepted and never answered [F4]', 'hang', {}],
      ['every connection reset', 'rst', {}],
      ['ten seconds late', 'delay', { ms: 10_000 }],
      ['twenty bytes a second', 'throttle', { bytesPerSecond: 20 }],
      ['replies cut in the middle', 'cut', {}],
      ['replies dropped, the connection left open', 'swallow', {}],
      ['replies dropped, the connection reset', 'swallow', { resets: true }],
    ];
    const found = new Map<string, { answers: (readonly [string, Told])[]; refused: number; connections: number; state: unknown }>();

    // All faults at once, each with an engine and a link of its own: the time is spent waiting.
    beforeAll(async () => {
      await Promise.all(
        faults.map(async ([title, mode, settings]) => {
          const { engine, proxy } = await broken();
          await proxy.set(mode, settings);
          const answers = await everything(engine);
          await proxy.set('pass');
          const refused = await untilAnswered(() => engine.get(rows, 'a'), 10_000);
          const state = (await engine.get(rows, 'a'))?.['state'];
          await Promise.all(Array.from({ length: 40 }, () => engine.get(rows, 'a')));
          found.set(title, { answers, refused, connections: proxy.connections(), state });
        }),
      );
    }, 60_000);

    it.each(faults)('%s', (title, mode) => {
      const { answers, connections, state } = found.get(title) ?? { answers: [] };
      expect(answers.map(([name]) => name)).toEqual(Object.keys(operations));
      for (const [name, { answer, ms }] of answers) {
        expect([name, answer]).toEqual([name, expect.any(StoreUnavailable)]);
        expect(ms).toBeLessThan(LIMIT_MS);
      }
      // Only where a request can get through can it have taken effect; one that was held back may do so when the fault ends.
      expect(['refuse', 'rst'].includes(mode) ? ['fresh'] : ['fresh', 'redeemed']).toContain(state);
      expect(connections).toBeLessThanOrEqual(32 + 3);
    });
  });

  it('a slow link is slow, not wrong', async () => {
    const { engine, proxy } = await broken();
    await proxy.set('delay', { ms: 200 });
    expect(await engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' } }, 'after')).toMatchObject({
      state: 'redeemed',
    });
    expect(await engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' } }, 'after')).toBeNull();
  });

  it('of any number of callers whose replies are lost none succeeds twice, and the effect is there once [F6]', async () => {
    const { engine, proxy } = await broken();
    await proxy.set('swallow', { resets: true });
    const redeem = () => engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' }, inc: { count: 1 } }, 'after');
    const lost = await Promise.all(Array.from({ length: 20 }, () => told(redeem())));
    expect(lost.filter(({ answer }) => answer instanceof StoreUnavailable)).toHaveLength(20);
    await proxy.set('pass');
    let again: unknown;
    await untilAnswered(async () => (again = await redeem()), 10_000);
    expect(again).toBeNull();
    expect(await engine.get(rows, 'a')).toMatchObject({ state: 'redeemed', count: 1 });
  });

  it('a lost reply to an insert leaves the document or not, never two, and asking again says which', async () => {
    const { engine, proxy } = await broken();
    await proxy.set('swallow', { resets: true });
    const { answer } = await told(engine.insert(rows, { id: 'once', code: 'c' }));
    expect(answer).toBeInstanceOf(StoreUnavailable);
    await proxy.set('pass');
    let again: unknown;
    await untilAnswered(async () => (again = await engine.insert(rows, { id: 'once', code: 'c' })), 10_000);
    expect(again).toBe('duplicate');
    expect(await engine.find(rows, 'code', 'c')).toEqual([{ id: 'once', code: 'c' }]);
  });

  it('through a link that keeps breaking every acknowledged increment is there, and no more than were asked', async () => {
    const { engine, proxy } = await broken();
    const modes: FaultMode[] = ['pass', 'rst', 'pass', 'cut', 'pass', 'refuse', 'pass'];
    let [acknowledged, doubtful] = [0, 0];
    for (const mode of modes) {
      await proxy.set(mode);
      const answers = await Promise.all(
        Array.from({ length: 15 }, () => told(engine.updateIf(rows, 'a', {}, { inc: { count: 1 } }, 'after'))),
      );
      for (const { answer } of answers) {
        if (answer instanceof StoreUnavailable) doubtful += 1;
        else acknowledged += 1;
      }
    }
    await untilAnswered(() => engine.get(rows, 'a'), 10_000);
    const count = Number((await engine.get(rows, 'a'))?.['count']);
    expect(acknowledged).toBeGreaterThan(15);
    expect(doubtful).toBeGreaterThan(15);
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBeLessThanOrEqual(acknowledged + doubtful);
  }, 40_000);

  it('a client over which nothing comes back gives way to one that connects, and to none that does not', async () => {
    const proxy = await startFaultProxy(server.host);
    const name = `lifeline_${Date.now()}`;
    const stuck = openServing(server.url(name, proxy.host));
    await stuck.client.connect();
    await proxy.set('hang');
    let replaced = 0;
    let next = server.url(name, proxy.host);
    const times = { patience: 300, connect: 1_000 };
    const lifeline = new Lifeline(stuck, { ...times, open: () => openServing(next), replaced: () => (replaced += 1) });
    const silence = async (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
        lifeline.unanswered();
    };
    await silence(200);
    lifeline.answered();
    await silence(200);
    expect([replaced, lifeline.db === stuck.db]).toEqual([0, true]);
    await silence(2_000);
    expect([replaced, lifeline.db === stuck.db]).toEqual([0, true]);
    next = server.url(name);
    await silence(1_500);
    expect([replaced >= 1, lifeline.db === stuck.db]).toEqual([true, false]);
    await lifeline.rows('rows').insertOne({ _id: 'a' });
    expect(await lifeline.rows('rows').countDocuments()).toBe(1);
    await lifeline.close();
    await proxy.close();
  }, 30_000);

  it('closes in time although nothing answers', async () => {
    const { engine, proxy } = await broken();
    await proxy.set('hang');
    const asked = told(engine.get(rows, 'a'));
    const closed = await told(engine.close());
    expect((await asked).answer).toBeInstanceOf(StoreUnavailable);
    expect(closed.ms).toBeLessThan(LIMIT_MS + 1_000);
  });
});
