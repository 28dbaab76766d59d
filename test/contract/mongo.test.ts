import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { slowEngine } from '../support/slow-engine.ts';
import { engineContract, type OpenEngine } from './engine.contract.ts';
import { storesContract } from './stores.contract.ts';

needs('mongodb', 'over MongoDB', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  afterAll(() => server.close());

  const open: OpenEngine = (collections) => openMongoEngine({ url: server.url(server.database()), collections, clock: systemClock });

  it('tells the time, which processes whose clocks differ agree on', async () => {
    const engine = await open([]);
    expect(Math.abs(((await engine.time?.()) ?? 0) - Date.now())).toBeLessThan(5_000);
    await engine.close();
    await expect(engine.time?.()).rejects.toThrow('closed');
  });

  engineContract('mongo', open);
  storesContract('mongo', open, (engine) => engine);
  storesContract('mongo, slowly', open, slowEngine);
});
