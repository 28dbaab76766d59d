import { afterAll, beforeAll } from '@jest/globals';
import { systemClock } from '../../src/platform/system-clock.ts';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { previewsContract } from './previews.contract.ts';

needs('mongodb', 'over MongoDB', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, 60_000);
  afterAll(() => server.close());

  // The name of a shared store makes a process remember what it was told, and follow the news of others.
  const open = (collections: Parameters<typeof openMongoEngine>[0]['collections']) =>
    openMongoEngine({ url: server.url(server.database()), collections, clock: systemClock });
  previewsContract('mongo', open, 'mongodb://shared/store', 8);
});
