import { type Collection, type Filter, type FindOptions, type UpdateFilter } from 'mongodb';
import type { Clock } from '../../ports/clock.ts';
import {
  type Change,
  type CollectionDeclaration,
  type DocumentEngine,
  type Page,
  type Scalar,
  type StoredDocument,
  StoreUnavailable,
  type Watcher,
  type Watching,
} from '../../ports/document-engine.ts';
import { checkNames } from '../declaration.ts';
import { watchInserts } from './change-stream.ts';
import { DEADLINE_MS, openPreparing, openServing, placeOf, SERVER_MS } from './client.ts';
import { within } from './deadline.ts';
import { decodeRow, encodeChange, encodeDocument, encodeFilter, equals, type Row, textOf } from './encode.ts';
import { failureOf, isAnswer, isDuplicate, reasonOf } from './failures.ts';
import { timeOf } from './greeting.ts';
import { materialise } from './indexes.ts';
import { Lifeline } from './lifeline.ts';
import { migrate } from './migrate.ts';
import { knownMigrations } from './migrations/known.ts';
import { storedName, storedText, uniqueName } from './names.ts';
import { insertBatch, OrderedInserts } from './ordered-inserts.ts';

/** What operators should know of: what a start changed in the database, and a client that was given up. */
export interface MongoEvent {
  readonly event: 'indexMade' | 'migrated' | 'clientReplaced';
  readonly name: string;
}

export interface MongoOptions {
  /** Names the database: mongodb://host/database. */
  readonly url: string;
  readonly collections: readonly CollectionDeclaration[];
  readonly clock: Clock;
  readonly log?: (event: MongoEvent) => void;
  /** For how long nothing may come back before the client is replaced (ms). */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 20_000;
const PAGE = 100;
const PAGE_LIMIT = 1_000;
const bounded = { maxTimeMS: SERVER_MS };

/** Opens a database of a MongoDB replica set or sharded cluster, brought to what is declared; any number of processes may. */
export async function openMongoEngine(options: MongoOptions): Promise<DocumentEngine> {
  checkNames(options.collections);
  await prepare(options);
  const opened = openServing(options.url);
  try {
    await within(DEADLINE_MS, opened.client.connect());
  } catch (error) {
    await opened.client.close();
    throw new Error(`cannot open the store ${placeOf(opened)}: ${reasonOf(error)}`);
  }
  const { url, log = () => undefined, patienceMs = PATIENCE_MS } = options;
  const times = { patience: patienceMs, connect: DEADLINE_MS };
  const replaced = () => log({ event: 'clientReplaced', name: placeOf(opened) });
  return new MongoEngine(options.collections, new Lifeline(opened, { ...times, open: () => openServing(url), replaced }));
}

async function prepare({ url, collections, clock, log = () => undefined }: MongoOptions): Promise<void> {
  const opened = openPreparing(url);
  try {
    await within(DEADLINE_MS, opened.client.connect());
    for (const name of await migrate(opened.db, knownMigrations, clock)) log({ event: 'migrated', name });
    for (const name of await materialise(opened.db, collections)) log({ event: 'indexMade', name });
  } catch (error) {
    throw new Error(`cannot open the store ${placeOf(opened)}: ${reasonOf(error)}`);
  } finally {
    await opened.client.close();
  }
}

type Rows = Collection<Row>;

class MongoEngine implements DocumentEngine {
  readonly #lifeline: Lifeline;
  readonly #names: ReadonlySet<string>;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #watching = new Set<Watching>();
  readonly #ordered = new Map<string, OrderedInserts>();
  #closing: Promise<void> | null = null;

  constructor(collections: readonly CollectionDeclaration[], lifeline: Lifeline) {
    this.#lifeline = lifeline;
    this.#names = new Set(collections.map(({ name }) => name));
  }

  async insert(collection: CollectionDeclaration, document: StoredDocument): Promise<'inserted' | 'duplicate'> {
    const row = encodeDocument(collection, document);
    if (collection.inOrder === true) return this.#insertInOrder(collection, row);
    return this.#ask(collection, async (rows) => {
      try {
        await rows.insertOne(row, bounded);
        return 'inserted';
      } catch (error) {
        if (isDuplicate(error)) return 'duplicate';
        throw error;
      }
    });
  }

  /** What waits for its turn when the store is closed is still written. */
  async #insertInOrder(collection: CollectionDeclaration, row: Row): Promise<'inserted' | 'duplicate'> {
    this.#checkOpen();
    this.#rowsOf(collection);
    const send = async (batch: Row[]) => this.#bounded(async () => insertBatch(this.#rowsOf(collection), batch));
    const inserts = this.#ordered.get(collection.name) ?? new OrderedInserts(send);
    this.#ordered.set(collection.name, inserts);
    const answer = inserts.add(row);
    this.#underWay.add(answer);
    return answer.finally(() => this.#underWay.delete(answer));
  }

  async get(collection: CollectionDeclaration, id: string): Promise<StoredDocument | null> {
    const filter = { _id: storedText(textOf(id)) };
    return this.#ask(collection, async (rows) => decoded(await rows.findOne(filter, bounded)));
  }

  async find(collection: CollectionDeclaration, field: string, value: string | number, page?: Page): Promise<StoredDocument[]> {
    const unique = collection.unique.includes(field);
    if (!unique && !collection.indexes.includes(field)) throw new TypeError(`"${field}" of ${collection.name} is not declared as an index`);
    if (typeof value !== 'string' && typeof value !== 'number') throw new TypeError(`"${field}" is looked for by text or number`);
    return this.#list(collection, { [unique ? uniqueName(field) : storedName(field)]: equals(value) }, page);
  }

  async updateIf(
    collection: CollectionDeclaration,
    id: string,
    where: Readonly<Record<string, Scalar>>,
    change: Change,
    returns: 'before' | 'after',
  ): Promise<StoredDocument | null> {
    const filter = encodeFilter(id, where) as Filter<Row> | null;
    const update = encodeChange(collection, change) as UpdateFilter<Row> | null;
    return this.#ask(collection, async (rows) => {
      if (filter === null) return null;
      if (update === null) return decoded(await rows.findOne(filter, bounded));
      try {
        return decoded(await rows.findOneAndUpdate(filter, update, { ...bounded, returnDocument: returns }));
      } catch (error) {
        if (isDuplicate(error)) return null;
        throw error;
      }
    });
  }

  async delete(collection: CollectionDeclaration, id: string, where: Readonly<Record<string, Scalar>> = {}): Promise<boolean> {
    const filter = encodeFilter(id, where) as Filter<Row> | null;
    return this.#ask(collection, async (rows) => filter !== null && (await rows.deleteOne(filter, bounded)).deletedCount === 1);
  }

  async page(collection: CollectionDeclaration, page?: Page): Promise<StoredDocument[]> {
    return this.#list(collection, {}, page);
  }

  /** Two round trips, since MongoDB removes any number or one: who is due, then those who still are. */
  async sweep(collection: CollectionDeclaration, now: number, limit: number = PAGE_LIMIT): Promise<number> {
    if (collection.expires === null) throw new TypeError(`collection "${collection.name}" declares no expiry`);
    const expiry = storedName(collection.expires);
    const due: Filter<Row> = { [expiry]: { $lte: now } };
    const most = atLeastZero(limit);
    return this.#ask(collection, async (rows) => {
      if (most === 0) return 0;
      const options: FindOptions = { ...bounded, projection: { _id: 1 }, sort: { [expiry]: 1 }, limit: most, batchSize: most + 1 };
      const ids = (await rows.find(due, options).toArray()).map(({ _id }) => _id);
      return ids.length === 0 ? 0 : (await rows.deleteMany({ ...due, _id: { $in: ids } }, bounded)).deletedCount;
    });
  }

  watch(collection: CollectionDeclaration, watcher: Watcher): Watching {
    this.#rowsOf(collection);
    const watching = watchInserts(() => this.#lifeline.rows(collection.name), watcher);
    this.#watching.add(watching);
    return watching;
  }

  async time(): Promise<number> {
    return this.#answerTo(async () => timeOf(this.#lifeline.db.admin()));
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    for (const watching of this.#watching) watching.close();
    await Promise.allSettled(this.#underWay);
    await this.#lifeline.close();
  }

  async #list(collection: CollectionDeclaration, filter: Filter<Row>, { after = '', limit = PAGE }: Page = {}): Promise<StoredDocument[]> {
    const most = Math.min(atLeastZero(limit), PAGE_LIMIT);
    const beyond: Filter<Row> = { ...filter, _id: { $gt: storedText(textOf(after)) } };
    // One more than the limit, or the server would keep a cursor open to find out that nothing follows.
    const options: FindOptions = { ...bounded, sort: { _id: 1 }, limit: most, batchSize: most + 1 };
    return this.#ask(collection, async (rows) => (most === 0 ? [] : (await rows.find(beyond, options).toArray()).map(decodeRow)));
  }

  #rowsOf({ name }: CollectionDeclaration): Rows {
    if (!this.#names.has(name)) throw new TypeError(`collection "${name}" is not declared`);
    return this.#lifeline.rows(name);
  }

  async #ask<T>(collection: CollectionDeclaration, work: (rows: Rows) => Promise<T>): Promise<T> {
    return this.#answerTo(async () => work(this.#rowsOf(collection)));
  }

  /** Every operation ends by the deadline; what it then still does at the server may or may not take effect. */
  async #answerTo<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    return this.#bounded(work);
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the store is closed');
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    const answer = within(DEADLINE_MS, work());
    this.#underWay.add(answer);
    try {
      const value = await answer;
      this.#lifeline.answered();
      return value;
    } catch (error) {
      if (isAnswer(error)) this.#lifeline.answered();
      else this.#lifeline.unanswered();
      throw failureOf(error);
    } finally {
      this.#underWay.delete(answer);
    }
  }
}

const decoded = (row: Row | null): StoredDocument | null => (row === null ? null : decodeRow(row));

/** A negative limit would ask for one batch, zero for no limit at all. */
const atLeastZero = (limit: number): number => Math.min(Math.max(0, Math.trunc(limit) || 0), 2 ** 31 - 2);
