import type { ConnectionTests } from '../ports/connection-tests.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { connectionTests as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openConnectionTests(engine: DocumentEngine): ConnectionTests {
  const rows = typedCollection(engine, collection);
  return {
    add: async (test) => (await rows.insert(test)) === 'inserted',
    get: (id) => rows.get(id),
    advance: async ({ id, version, stage, browser }) =>
      (await rows.updateIf(id, { version: version - 1 }, { set: { version, stage, browser } })) !== null,
  };
}
