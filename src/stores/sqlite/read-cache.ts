import type { StoredDocument } from '../../ports/document-engine.ts';
import type { Operation } from './messages.ts';

/** How many documents of one collection are kept. */
const most = 2_000;

/**
 * Documents as they were read last, by collection and id, those used longest ago forgotten first. Whoever holds it says which writes
 * are over and when something else has written: what is not known to be as it was is read again.
 */
export class ReadCache {
  readonly #collections: ReadonlyMap<string, Map<string, StoredDocument>>;

  constructor(collections: readonly { readonly name: string }[]) {
    this.#collections = new Map(collections.map(({ name }) => [name, new Map<string, StoredDocument>()]));
  }

  get(collection: string, id: string): StoredDocument | undefined {
    const kept = this.#collections.get(collection);
    const document = kept?.get(id);
    if (kept === undefined || document === undefined) return undefined;
    kept.delete(id);
    kept.set(id, document);
    return document;
  }

  /** What it keeps is shared by all who ask, so nobody may change it. */
  keep(collection: string, id: string, document: StoredDocument): void {
    const kept = this.#collections.get(collection);
    if (kept === undefined) return;
    if (kept.size >= most) kept.delete(kept.keys().next().value as string);
    kept.set(id, Object.freeze(document));
  }

  /** Forgets what this write may have changed. */
  forgetBy(operation: Operation): void {
    if (operation.kind === 'ping') return;
    const kept = this.#collections.get(operation.collection);
    if (operation.kind === 'sweep') kept?.clear();
    else kept?.delete(operation.id);
  }

  forgetAll(): void {
    for (const kept of this.#collections.values()) kept.clear();
  }
}
