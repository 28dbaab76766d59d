import { join } from 'node:path';
import { startMongo } from '../../support/mongo-server.ts';
import { pathOf } from '../../support/places.ts';

/** Where the product keeps its data. */
export const engines = ['sqlite', 'mongodb'] as const;
export type Engine = (typeof engines)[number];

/** Stores of one engine, as many as are asked for. */
export interface Place {
  readonly engine: Engine;
  /** What keeps the data, in words. */
  readonly about: string;
  /** The URL of a store nobody else has. */
  store(folder: string): string;
  close(): Promise<void>;
}

export const hasMongo = (): boolean => pathOf('mongodb') !== null;

/** MongoDB runs beside the load; its processor time is nobody's here. */
export async function openPlace(engine: Engine): Promise<Place> {
  if (engine === 'sqlite') {
    return { engine, about: 'SQLite', store: (folder) => `sqlite:${join(folder, 'store.db')}`, close: async () => Promise.resolve() };
  }
  const server = await startMongo({ isLong: true });
  return { engine, about: server.name, store: () => server.url(server.database()), close: () => server.close() };
}
