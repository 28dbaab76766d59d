import type { Grant } from '../domain/grant.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { grants } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

/** Every grant there is, in pages small enough to be worked on at once. */
export const readGrants = (engine: DocumentEngine): AsyncGenerator<readonly Grant[]> => typedCollection(engine, grants).pages(100);
