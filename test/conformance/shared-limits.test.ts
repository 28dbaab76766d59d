import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { rateWindows } from '../../src/stores/collections.ts';
import type { TestClient } from '../support/client.ts';
import { postForm, postJson, register } from '../support/client.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { countOf, rowsOf, withinOneMinute } from '../support/wire.ts';

const metadata = { client_name: 'Lantern', redirect_uris: ['https://app.example.test/cb'], token_endpoint_auth_method: 'none' };
const limits = {
  authorizePerMinute: 20,
  registerPerMinute: 20,
  tokenFailuresPerMinute: 20,
  scimFailuresPerMinute: 20,
  answersPerMinute: 20,
  previewsPerMinute: 20,
};
/** A share, the time a store takes, and room for a machine that is busy with other things. */
const SHARED = 1_400;

let system: System;
let client: TestClient;
let fault: 'down' | 'hangs' | null = null;

/** Only operations on what limits count go wrong. */
const faulty = (engine: DocumentEngine): DocumentEngine =>
  new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = (target[name] as ((...given: unknown[]) => unknown) | undefined)?.bind(target);
      if (method === undefined) return undefined;
      return (...given: unknown[]) => {
        if (given[0] !== rateWindows || fault === null) return method(...given);
        return fault === 'down' ? Promise.reject(new StoreUnavailable('down for a test')) : new Promise(() => undefined);
      };
    },
  });

beforeAll(async () => {
  system = await startSystem({ configure: (config) => ({ ...config, limits }), wrapEngine: faulty });
  client = await register(system);
});
afterAll(() => system.close());
/** Each test in a minute of its own. */
beforeEach(() => {
  fault = null;
  system.clock.advance(60_000);
  withinOneMinute(system);
});

const guess = (n: number) => ({ grant_type: 'refresh_token', client_id: client.client_id, refresh_token: `db_rt_${n}` });
async function guessHere(n: number): Promise<number> {
  const response = await postForm(`${system.issuer}/token`, guess(n));
  await response.text();
  return response.status;
}
async function inTurn(count: number, ask: (n: number) => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push(await ask(n));
  return statuses;
}
const repeated = (status: number, count: number) => Array.from({ length: count }, () => status);

describe('what one address may do', () => {
  it('at one instance it may not do again at another, until the minute is over [W28]', async () => {
    const second = await startSecondInstance(system);
    const guessThere = async (n: number) => (await second.post('/token', guess(n))).status;
    try {
      expect(await inTurn(21, guessHere)).toEqual([...repeated(400, 20), 429]);
      const first = await guessThere(0);
      await wait(SHARED);
      expect([first, await guessThere(1)]).toEqual([400, 429]);
      system.clock.advance(60_000);
      expect([await guessThere(2), await guessHere(2)]).toEqual([400, 400]);
    } finally {
      await second.close();
    }
  });

  it('adds up over instances where neither alone saw too much', async () => {
    const second = await startSecondInstance(system);
    const guessThere = async (n: number) => (await second.post('/token', guess(n))).status;
    try {
      expect(await inTurn(11, guessHere)).toEqual(repeated(400, 11));
      expect(await inTurn(11, guessThere)).toEqual(repeated(400, 11));
      await wait(SHARED);
      expect((await inTurn(2, guessHere)).concat(await inTurn(1, guessThere))).toContain(429);
      await wait(SHARED);
      expect([await guessHere(3), await guessThere(3)]).toEqual([429, 429]);
    } finally {
      await second.close();
    }
  });

  it('before a restart it may not do again after it', async () => {
    expect(await inTurn(21, guessHere)).toEqual([...repeated(400, 20), 429]);
    await system.restart();
    const first = await guessHere(0);
    await wait(SHARED);
    expect([first, await guessHere(1)]).toEqual([400, 429]);
    expect(system.lines.join('')).not.toContain('limits.unshared');
  });

  it('is kept without its address, in one row a minute whatever it sends, and tidied away [W27]', async () => {
    system.clock.advance(120_000);
    await system.tend();
    expect(await countOf(system, rateWindows)).toBe(0);
    const before = await rowsOf(system);
    const registering = async (n: number) => (await postJson(`${system.issuer}/register`, { ...metadata, client_name: `L${n}` })).status;
    expect(await inTurn(30, registering)).toEqual([...repeated(201, 20), ...repeated(429, 10)]);
    await wait(SHARED);
    const rows = await system.engine.page(rateWindows);
    expect(rows).toHaveLength(1);
    expect(Object.values(rows[0] ?? {})).toContain(20);
    expect(JSON.stringify(rows)).not.toMatch(/127\.0|::1|ffff/);
    expect(await rowsOf(system)).toEqual(before);
    system.clock.advance(120_000);
    await system.tend();
    expect(await countOf(system, rateWindows)).toBe(0);
  });

  it.each(['down', 'hangs'] as const)('is bounded by each instance alone while the store is %s, and nobody waits for it', async (how) => {
    fault = how;
    const began = Date.now();
    const registering = async () => (await postJson(`${system.issuer}/register`, metadata)).status;
    expect(await inTurn(22, registering)).toEqual([...repeated(201, 20), 429, 429]);
    await wait(SHARED);
    expect(await registering()).toBe(429);
    expect(Date.now() - began).toBeLessThan(SHARED + 3_000);
    const told = system.lines.filter((line) => line.includes('"limits.unshared"'));
    expect(told).toHaveLength(1);
  });
});

describe('what is left of a flood', () => {
  it('is tidied away at once, however much it is', async () => {
    const expiresAt = system.clock.now() - 1;
    // By the hundred: a slow machine's pool refuses whoever has waited too long for a connection.
    for (let hundred = 0; hundred < 25; hundred += 1)
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => system.engine.insert(rateWindows, { id: `old ${hundred * 100 + n}`, expiresAt })),
      );
    expect(await countOf(system, rateWindows)).toBeGreaterThanOrEqual(2_500);
    await system.tend();
    expect(await countOf(system, rateWindows)).toBeLessThan(10);
  });
});
