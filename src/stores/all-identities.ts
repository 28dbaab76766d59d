import type { Identity } from '../domain/user.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { identities } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

/** Every identity there is, in pages. */
export const readIdentities = (engine: DocumentEngine): AsyncGenerator<readonly Identity[]> =>
  typedCollection(engine, identities).pages(500);
