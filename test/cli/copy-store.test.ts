import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CopyDiffers, copyStore } from '../../src/cli/copy-store.ts';
import { readOptions } from '../../src/cli/options.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { collections, users } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { callTool, login, refresh } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { startMongo } from '../support/mongo-server.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

const open = (store: string) => openStore(store, { clock: systemClock, log: () => undefined });
let folder: string;
let system: System;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-copy-'));
  system = await startSystem();
});
afterAll(async () => {
  await system.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ends after some inserts, as a killed process does. */
const endsAfter = (engine: DocumentEngine, most: number): DocumentEngine => {
  let left = most;
  return Object.assign(Object.create(null) as DocumentEngine, {
    insert: (...args: Parameters<DocumentEngine['insert']>) =>
      (left -= 1) < 0 ? Promise.reject(new Error('killed')) : engine.insert(...args),
    page: (...args: Parameters<DocumentEngine['page']>) => engine.page(...args),
  });
};

describe('copying a store', () => {
  it('copies every row, goes on where it was cut off, and proves both are the same', async () => {
    await login(system);
    const target = await open(`sqlite:${join(folder, 'copy.db')}`);
    await expect(copyStore(system.engine, endsAfter(target, 3), collections, () => undefined)).rejects.toThrow('killed');
    const copied = await copyStore(system.engine, target, collections, () => undefined);
    const written = copied.reduce((sum, each) => sum + each.written, 0);
    expect(copied.find(({ name }) => name === 'grants')?.count).toBe(1);
    expect(written).toBe(copied.reduce((sum, each) => sum + each.count, 0) - 3);
    const again = await copyStore(system.engine, target, collections, () => undefined);
    expect(again).toEqual(copied.map((each) => ({ ...each, written: 0 })));
    const [row] = await target.page(users);
    await target.updateIf(users, row?.id ?? '', {}, { set: { name: 'Somebody else' } }, 'after');
    await expect(copyStore(system.engine, target, collections, () => undefined)).rejects.toThrow(CopyDiffers);
    await target.close();
  });

  it('reads its options', () => {
    const to = 'mongodb://db.example/brokers';
    expect(readOptions(['store', 'copy', '--from', 'sqlite:./a.db', '--to', to])).toEqual({
      command: 'store copy',
      from: 'sqlite:./a.db',
      to,
      json: false,
    });
  });
});

needs('mongodb', 'moving up to MongoDB', () => {
  let mongo: MongoServer;
  beforeAll(async () => {
    mongo = await startMongo();
  });
  afterAll(() => mongo.close());

  it('clients stay connected: tokens from before are refreshed and used after', async () => {
    const { client, tokens } = await login(system);
    const store = mongo.url(mongo.database());
    const target = await open(store);
    await copyStore(system.engine, target, collections, () => undefined);
    await target.close();
    await system.restart((config) => ({ ...config, store }), store);
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    const next = (await (await refresh(system, client, tokens.refresh_token)).json()) as Tokens;
    expect(await (await callTool(system, next.access_token, 'whoami')).text()).toContain('Acme');
  });
});
