/** What a stored field may be compared with and what equality in `where` means; `null` matches null and absent alike. */
export type Scalar = string | number | boolean | null;

/** One stored document: plain JSON with its identifier under `id`. */
export type StoredDocument = { readonly id: string } & { readonly [field: string]: unknown };

/** Where a document lives and what the engine keeps about its collection. Fields are top level, their values scalars. */
export interface CollectionDeclaration {
  readonly name: string;
  /** Each of these fields, where present, is unique over the collection. */
  readonly unique: readonly string[];
  /** Fields that `find` may be asked by (unique ones may too). */
  readonly indexes: readonly string[];
  /** The field holding the moment (ms since the epoch) after which `sweep` may tidy the document away; validity itself is computed by the caller. */
  readonly expires: string | null;
  /** Inserts of one process are there in the order it asked for them, none without those before, whenever it is killed. */
  readonly inOrder?: true;
}

/** A change of top-level fields; `inc` treats an absent field as 0. */
export interface Change {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly unset?: readonly string[];
  readonly inc?: Readonly<Record<string, number>>;
}

/**
 * The document store underneath every store. Each operation is atomic on one document and one round trip; a write that has
 * been answered is on stable storage, and is seen by every read that starts afterwards. Operations fail with `StoreUnavailable`
 * when the storage cannot answer; a failed write may or may not have taken effect.
 */
export interface DocumentEngine {
  /** Adds a document. `duplicate` when its id or one of its unique fields is taken, and then nothing was written. */
  insert(collection: CollectionDeclaration, document: StoredDocument): Promise<'inserted' | 'duplicate'>;
  get(collection: CollectionDeclaration, id: string): Promise<StoredDocument | null>;
  /** Documents whose indexed `field` equals `value`, ordered by id, after `after`, at most `limit`. */
  find(collection: CollectionDeclaration, field: string, value: string | number, page?: Page): Promise<StoredDocument[]>;
  /**
   * Changes the document if every field in `where` equals its value; of any number of concurrent callers with the same `where`
   * that the change makes false, exactly one gets the document. Null when it is absent, does not match, or the change would break a unique field.
   */
  updateIf(
    collection: CollectionDeclaration,
    id: string,
    where: Readonly<Record<string, Scalar>>,
    change: Change,
    returns: 'before' | 'after',
  ): Promise<StoredDocument | null>;
  /** Removes the document if it matches `where`; false when there was none to remove. */
  delete(collection: CollectionDeclaration, id: string, where?: Readonly<Record<string, Scalar>>): Promise<boolean>;
  /** All documents ordered by id, after `after`, at most `limit`. */
  page(collection: CollectionDeclaration, page?: Page): Promise<StoredDocument[]>;
  /** Removes documents that expired at or before `now` (ms), at most `limit`; how many went. */
  sweep(collection: CollectionDeclaration, now: number, limit?: number): Promise<number>;
  /**
   * Tells of every insert that a majority has from now on, whichever process made it, as soon as it is there. News may repeat and may be
   * lost, so whoever needs all of it reads as well. Absent where nobody else writes.
   */
  watch?(collection: CollectionDeclaration, watcher: Watcher): Watching;
  /** What the storage's own clock says, in ms since the epoch. Absent where nobody else writes. */
  time?(): Promise<number>;
  close(): Promise<void>;
}

export interface Watcher {
  inserted(document: StoredDocument): void;
  /** The news broke off for this reason and is taken up again; in between something may have been missed. */
  interrupted(reason: string): void;
  /** The storage has no such news: nothing more will be told. */
  unsupported(): void;
}

export interface Watching {
  /** Nothing is told afterwards. */
  close(): void;
}

export interface Page {
  readonly after?: string;
  /** Default 100, at most 1000. */
  readonly limit?: number;
}

/** The storage did not answer: the caller's request ends with 503 and nothing may be assumed of a write that was under way. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
