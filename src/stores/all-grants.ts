import type { Grant } from '../domain/grant.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { grants as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

/** Every grant there is, in pages small enough to be worked on at once. */
export async function* readGrants(engine: DocumentEngine): AsyncGenerator<readonly Grant[]> {
  const rows = typedCollection(engine, collection);
  let after: string | undefined;
  for (;;) {
    const page = await rows.page({ ...(after === undefined ? {} : { after }), limit: 100 });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.id;
  }
}
