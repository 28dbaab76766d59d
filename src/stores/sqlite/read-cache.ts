import type { StoredDocument } from '../../ports/document-engine.ts';
import type { Operation } from './messages.ts';

/** How much JSON is kept, in characters: what ten to twenty thousand people are, and in memory about three times that. */
const most = 6 * 2 ** 20;

interface Kept {
  readonly document: StoredDocument;
  readonly size: number;
}

const keyOf = (collection: string, id: string): string => `${collection}/${id}`;

/**
 * Documents as they were read last, those used longest ago forgotten first. Whoever holds it says which writes are over and when
 * something else has written: what is not known to be as it was is read again.
 */
export class ReadCache {
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  get(collection: string, id: string): StoredDocument | undefined {
    const key = keyOf(collection, id);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.document;
  }

  /** What it keeps is shared by all who ask, so nobody may change it; `size` is that of its JSON. */
  keep(collection: string, id: string, document: StoredDocument, size: number): void {
    for (const oldest of this.#kept.keys()) {
      if (this.#size + size <= most) break;
      this.#drop(oldest);
    }
    this.#kept.set(keyOf(collection, id), { document: Object.freeze(document), size });
    this.#size += size;
  }

  /** Forgets what this write may have changed. */
  forgetBy(operation: Operation): void {
    if (operation.kind === 'sweep') this.forgetAll();
    else if (operation.kind !== 'ping') this.#drop(keyOf(operation.collection, operation.id));
  }

  forgetAll(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #drop(key: string): void {
    this.#size -= this.#kept.get(key)?.size ?? 0;
    this.#kept.delete(key);
  }
}
