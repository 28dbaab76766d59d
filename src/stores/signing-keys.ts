import type { DocumentEngine } from '../ports/document-engine.ts';
import type { SigningKeys } from '../ports/signing-keys.ts';
import { signingKeys as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openSigningKeys(engine: DocumentEngine): SigningKeys {
  const rows = typedCollection(engine, collection);
  return {
    all: () => rows.page({ limit: 1000 }),
    add: async (key) => ((await rows.insert(key)) === 'inserted' ? 'added' : 'exists'),
  };
}
