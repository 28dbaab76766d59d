import type { DocumentEngine } from '../ports/document-engine.ts';
import { collections } from './collections.ts';

/** Removes what has expired, however much in bounds: a flood may leave more in a minute than one sweep takes. */
export async function sweepAll(engine: DocumentEngine, now: number): Promise<void> {
  for (const collection of collections) {
    if (collection.expires === null) continue;
    for (let round = 0; round < 20; round += 1) if ((await engine.sweep(collection, now)) < 1_000) break;
  }
}
