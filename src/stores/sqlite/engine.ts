import {
  type Change,
  type CollectionDeclaration,
  type DocumentEngine,
  type Page,
  type Scalar,
  type StoredDocument,
  StoreUnavailable,
} from '../../ports/document-engine.ts';
import { connect, type Connection, reasonOf } from './connection.ts';
import { parseDocument } from './document-text.ts';
import { openElsewhere } from './elsewhere.ts';
import { encodeChange, encodeInsert, encodeWhere } from './encode.ts';
import { GroupCommit, type StoreEvent } from './group-commit.ts';
import { keyOf, textKey } from './keys.ts';
import { lockFile, prepareFile } from './lock.ts';
import type { Operation } from './messages.ts';
import { ReadCache } from './read-cache.ts';
import { materialise } from './schema.ts';
import { prepareReads, type ReadStatements } from './statements.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly collections: readonly CollectionDeclaration[];
  readonly log?: (event: StoreEvent) => void;
}

const STALL_MS = 5_000;
const LOOK_LATER_MS = 50;
const PAGE = 100;
const PAGE_LIMIT = 1_000;

/** Opens (and makes, if need be) the embedded store: one file, one process, reads here and writes on a thread of their own. */
export async function openSqliteEngine(options: SqliteOptions): Promise<DocumentEngine> {
  const { log = () => undefined } = options;
  // Only what is declared crosses to the writer's thread; a collection may carry more than can.
  const collections = options.collections.map(({ name, unique, indexes, expires }) => ({ name, unique, indexes, expires }));
  const path = prepareFile(options.path);
  const release = lockFile(path);
  const reader = openFile(path, collections, release);
  // Sources run unbuilt where Node strips types, so the thread's script has the extension of this file.
  const script = new URL(`./writer${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const cache = new ReadCache();
  const wroteElsewhere = openElsewhere(reader);
  const settled = (operations: readonly Operation[], isKnown: boolean) => {
    const hasWritten = operations.some(({ kind }) => kind !== 'ping');
    // What we have just committed is no surprise at the next look; what came without it is one.
    if (isKnown && (!wroteElsewhere() || hasWritten)) operations.forEach((operation) => cache.forgetBy(operation));
    else cache.forgetAll();
    if (hasWritten) lookLater();
  };
  const writer = new GroupCommit({ path, collections, log, script, stallMs: STALL_MS, settled });
  const lookLater = openLookLater(() => writer.submit({ kind: 'ping' }));
  const engine = new SqliteEngine(collections, { reader, writer, cache, wroteElsewhere, release });
  try {
    await writer.submit({ kind: 'ping' });
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * Between a commit of ours and the news of it another one cannot be told from it here; the thread can tell, at the next batch. When nobody
 * writes for a moment we ask it.
 */
function openLookLater(ask: () => Promise<unknown>): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      // What cannot be asked has forgotten everything, or is closed.
      ask().catch(() => undefined);
    }, LOOK_LATER_MS).unref();
  };
}

/** The reading connection, over a file that is what was declared. */
function openFile(path: string, collections: readonly CollectionDeclaration[], release: () => void): Connection {
  let db: Connection | null = null;
  try {
    db = connect(path);
    materialise(db, collections);
    db.exec('PRAGMA query_only = ON');
    return db;
  } catch (error) {
    db?.close();
    release();
    throw new Error(`cannot open the store ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

interface Row {
  readonly doc: string;
}

interface Parts {
  readonly reader: Connection;
  readonly writer: GroupCommit;
  readonly cache: ReadCache;
  readonly wroteElsewhere: () => boolean;
  readonly release: () => void;
}

class SqliteEngine implements DocumentEngine {
  readonly #reads: ReadonlyMap<string, ReadStatements>;
  readonly #parts: Parts;
  #hasLooked = false;
  #closing: Promise<void> | null = null;

  constructor(collections: readonly CollectionDeclaration[], parts: Parts) {
    this.#reads = new Map(collections.map((collection) => [collection.name, prepareReads(parts.reader, collection)]));
    this.#parts = parts;
  }

  async insert(collection: CollectionDeclaration, document: StoredDocument): Promise<'inserted' | 'duplicate'> {
    return (await this.#write(encodeInsert(collection, document))) === true ? 'inserted' : 'duplicate';
  }

  async get(collection: CollectionDeclaration, id: string): Promise<StoredDocument | null> {
    const { cache } = this.#parts;
    const key = textKey(id);
    this.#look();
    const kept = cache.get(collection.name, key);
    if (kept !== undefined) return kept;
    const [row] = this.#rows(collection, (reads) => reads.get.all(key));
    if (row === undefined) return null;
    const document = this.#parsed(collection, row);
    cache.keep(collection.name, key, document, row.doc.length);
    return document;
  }

  async find(collection: CollectionDeclaration, field: string, value: string | number, page?: Page): Promise<StoredDocument[]> {
    return this.#read(collection, (reads) => {
      const statement = reads.find.get(field);
      if (statement === undefined) throw new TypeError(`"${field}" of ${collection.name} is not declared as an index`);
      return statement.all(keyOf(field, value), ...bounds(page));
    });
  }

  async updateIf(
    collection: CollectionDeclaration,
    id: string,
    where: Readonly<Record<string, Scalar>>,
    change: Change,
    returns: 'before' | 'after',
  ): Promise<StoredDocument | null> {
    const encoded = { where: encodeWhere(where), change: encodeChange(collection, change) };
    const text = await this.#write({ kind: 'update', collection: collection.name, id: textKey(id), ...encoded, returns });
    return typeof text === 'string' ? (JSON.parse(text) as StoredDocument) : null;
  }

  async delete(collection: CollectionDeclaration, id: string, where: Readonly<Record<string, Scalar>> = {}): Promise<boolean> {
    return (await this.#write({ kind: 'delete', collection: collection.name, id: textKey(id), where: encodeWhere(where) })) === true;
  }

  async page(collection: CollectionDeclaration, page?: Page): Promise<StoredDocument[]> {
    return this.#read(collection, (reads) => reads.page.all(...bounds(page)));
  }

  async sweep(collection: CollectionDeclaration, now: number, limit: number = PAGE_LIMIT): Promise<number> {
    return Number(await this.#write({ kind: 'sweep', collection: collection.name, now, limit: atLeastZero(limit) }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const { writer, reader, release } = this.#parts;
    await writer.close();
    reader.close();
    release();
  }

  /** Once a turn is enough: nobody outside can tell apart what happens within one. During a commit of our own the thread looks. */
  #look(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the store is closed');
    if (this.#hasLooked) return;
    this.#hasLooked = true;
    setImmediate(() => (this.#hasLooked = false));
    const { wroteElsewhere, writer, cache } = this.#parts;
    if (wroteElsewhere() && !writer.isWriting) cache.forgetAll();
  }

  async #write(operation: Operation): Promise<string | number | boolean | null> {
    const outcome = await this.#parts.writer.submit(operation);
    if (outcome.kind === 'misuse') throw new TypeError(outcome.reason);
    if (outcome.kind === 'corrupt') throw new StoreUnavailable(outcome.reason);
    return outcome.value;
  }

  #read(collection: CollectionDeclaration, query: (reads: ReadStatements) => unknown[]): StoredDocument[] {
    return this.#rows(collection, query).map((row) => this.#parsed(collection, row));
  }

  #rows(collection: CollectionDeclaration, query: (reads: ReadStatements) => unknown[]): Row[] {
    if (this.#closing !== null) throw new StoreUnavailable('the store is closed');
    const reads = this.#reads.get(collection.name);
    if (reads === undefined) throw new TypeError(`collection "${collection.name}" is not declared`);
    try {
      return query(reads) as Row[];
    } catch (error) {
      throw unavailable(error);
    }
  }

  #parsed({ name }: CollectionDeclaration, { doc }: Row): StoredDocument {
    try {
      return parseDocument(name, doc) as StoredDocument;
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** A mistake of the caller stays one; everything else is the storage's. */
function unavailable(error: unknown): Error {
  return error instanceof TypeError ? error : new StoreUnavailable(reasonOf(error), { cause: error });
}

const bounds = (page: Page = {}): [string, number] => [textKey(page.after ?? ''), Math.min(atLeastZero(page.limit ?? PAGE), PAGE_LIMIT)];

/** SQLite takes a negative limit for none, and no fractions. */
const atLeastZero = (limit: number): number => Math.min(Math.max(0, Math.trunc(limit) || 0), Number.MAX_SAFE_INTEGER);
