import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { collections } from './collections.ts';
import { openSqliteEngine } from './sqlite/engine.ts';

const embedded = 'sqlite:';

/** The file of an embedded store; null for one that several processes share. */
export function storeFile(store: string): string | null {
  return store.startsWith(embedded) ? store.slice(embedded.length) : null;
}

export interface OpenStoreOptions {
  readonly clock: Clock;
  /** What operators should know of, as a stable word and what it is about. */
  readonly log: (event: { readonly event: string }) => void;
}

/** Opens the store a configuration names: `sqlite:` and a path, or the URL of a MongoDB database. */
export async function openStore(store: string, { clock, log }: OpenStoreOptions): Promise<DocumentEngine> {
  const path = storeFile(store);
  if (path === null) {
    // A driver that is not needed costs a fifth of a start.
    const { openMongoEngine } = await import('./mongo/engine.ts');
    return openMongoEngine({ url: store, collections, clock, log });
  }
  return openSqliteEngine({ path, collections, log });
}
