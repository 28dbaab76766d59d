import type { Identity } from '../domain/user.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { identities as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

/** Every identity there is, in pages. */
export async function* readIdentities(engine: DocumentEngine): AsyncGenerator<readonly Identity[]> {
  const rows = typedCollection(engine, collection);
  let after: string | undefined;
  for (;;) {
    const page = await rows.page({ ...(after === undefined ? {} : { after }), limit: 500 });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.id;
  }
}
