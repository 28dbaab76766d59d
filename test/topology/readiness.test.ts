/** What a balancer is told, and that it is true. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openReadiness } from '../../src/http/readiness.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { signingKeys } from '../../src/stores/collections.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

describe('/readyz', () => {
  let system: System;
  let isBroken = false;
  let asked = 0;
  beforeAll(async () => {
    system = await startSystem({
      wrapEngine: (engine) =>
        Object.assign(Object.create(engine) as typeof engine, {
          get: (async (...given) => {
            if (given[0] === signingKeys) asked += 1;
            if (isBroken) throw new StoreUnavailable('broken by the test');
            return engine.get(...given);
          }) satisfies typeof engine.get,
          page: engine.page.bind(engine),
          find: engine.find.bind(engine),
          insert: engine.insert.bind(engine),
          updateIf: engine.updateIf.bind(engine),
          delete: engine.delete.bind(engine),
          sweep: engine.sweep.bind(engine),
          close: engine.close.bind(engine),
        }),
    });
  });
  afterAll(() => system.close());

  const ready = async () => {
    const answer = await fetch(`${system.issuer}/readyz`);
    return [answer.status, await answer.json()];
  };

  it('is 503 for as long as the store does not answer, whereas /healthz does not ask it; every change is in the log once', async () => {
    expect(await ready()).toEqual([200, { status: 'ready' }]);
    isBroken = true;
    system.clock.advance(1_000);
    expect(await ready()).toEqual([503, { status: 'store-unavailable' }]);
    expect(await ready()).toEqual([503, { status: 'store-unavailable' }]);
    expect((await fetch(`${system.issuer}/healthz`)).status).toBe(200);
    isBroken = false;
    system.clock.advance(1_000);
    expect(await ready()).toEqual([200, { status: 'ready' }]);
    const told = system.lines
      .map((line) => JSON.parse(line) as { event: string; reason?: string })
      .filter(({ event }) => event === 'readiness');
    expect(told.map(({ reason }) => reason)).toEqual(['store-unavailable', 'ready']);
  });

  it('costs the store one question in a while, however many ask', async () => {
    system.clock.advance(1_000);
    const before = asked;
    await Promise.all(Array.from({ length: 50 }, ready));
    expect(asked - before).toBeLessThanOrEqual(3);
    expect(asked - before).toBeGreaterThanOrEqual(1);
  });

  it('answers under any name, as balancers ask by address', async () => {
    const answer = await fetch(`${system.issuer.replace('localhost', '127.0.0.1')}/readyz`);
    expect(answer.status).toBe(200);
    expect((await fetch(`${system.issuer.replace('localhost', '127.0.0.1')}/jwks`)).status).toBe(421);
  });
});

describe('the judgement', () => {
  const clock = { at: 0, now: () => clock.at };

  it('does not wait longer than the deadline for a store that hangs', async () => {
    const hanging = openReadiness({ ask: () => new Promise(() => undefined), isDraining: () => false, clock, deadline: 50 });
    const since = performance.now();
    expect(await hanging()).toBe('store-unavailable');
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it('says draining from the signal on, also to whoever asked before it', async () => {
    const state = { isDraining: false, answer: () => undefined as void };
    const readiness = openReadiness({
      ask: () => new Promise<void>((resolve) => (state.answer = resolve)),
      isDraining: () => state.isDraining,
      clock,
    });
    const early = readiness();
    state.isDraining = true;
    state.answer();
    expect([await early, await readiness()]).toEqual(['draining', 'draining']);
  });
});
