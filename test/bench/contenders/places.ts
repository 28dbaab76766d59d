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
  /** More grants than this are not put into it. */
  readonly most: number;
  /** The URL of a store nobody else has. */
  store(folder: string): string;
  close(): Promise<void>;
}

export const hasMongo = (): boolean => pathOf('mongodb') !== null;

/** MongoDB runs beside the load; its processor time is nobody's here. */
export async function openPlace(engine: Engine): Promise<Place> {
  if (engine === 'sqlite') {
    return {
      engine,
      about: 'SQLite',
      most: Number.POSITIVE_INFINITY,
      store: (folder) => `sqlite:${join(folder, 'store.db')}`,
      close: async () => Promise.resolve(),
    };
  }
  const server = await startMongo({ isLong: true });
  // The substitute gets slower with every row that shares an indexed value.
  const most = server.name.includes('java') ? 10_000 : Number.POSITIVE_INFINITY;
  return { engine, about: server.name, most, store: () => server.url(server.database()), close: () => server.close() };
}
