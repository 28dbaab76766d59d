import { MongoBulkWriteError } from 'mongodb';
import type { Collection } from 'mongodb';
import { SERVER_MS } from './client.ts';
import type { Row } from './encode.ts';
import { failureOf, isDuplicate } from './failures.ts';

/** What came of a batch: so many are there, and the one after them was not taken for this reason. */
export interface BatchOutcome {
  readonly inserted: number;
  readonly stoppedBy: 'duplicate' | Error | null;
}

interface Waiting {
  readonly row: Row;
  resolve(outcome: 'inserted' | 'duplicate'): void;
  reject(error: unknown): void;
}

/** So many go in one message. */
const mostAtOnce = 100;

/**
 * Inserts in the order they were asked for: one batch is under way at a time, and what comes meanwhile goes with the next. Of a process that
 * is killed at any moment the first so many are there and none after them. One that cannot be written takes those behind it along.
 */
export class OrderedInserts {
  readonly #send: (rows: Row[]) => Promise<BatchOutcome>;
  readonly #waiting: Waiting[] = [];
  #isSending = false;

  constructor(send: (rows: Row[]) => Promise<BatchOutcome>) {
    this.#send = send;
  }

  async add(row: Row): Promise<'inserted' | 'duplicate'> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) await this.#sendNext(this.#waiting.splice(0, mostAtOnce));
    this.#isSending = false;
  }

  async #sendNext(batch: Waiting[]): Promise<void> {
    try {
      const { inserted, stoppedBy } = await this.#send(batch.map(({ row }) => row));
      batch.slice(0, inserted).forEach(({ resolve }) => resolve('inserted'));
      const refused = batch[inserted];
      if (stoppedBy === null || refused === undefined) return;
      if (stoppedBy === 'duplicate') refused.resolve('duplicate');
      else refused.reject(stoppedBy);
      this.#waiting.unshift(...batch.slice(inserted + 1));
    } catch (error) {
      // Nothing is known of them, so nothing may go before them.
      [...batch, ...this.#waiting.splice(0)].forEach(({ reject }) => reject(error));
    }
  }
}

/** Sent in one message and written one after the other, up to the first that is not taken. */
export async function insertBatch(rows: Collection<Row>, batch: Row[]): Promise<BatchOutcome> {
  try {
    await rows.insertMany(batch, { maxTimeMS: SERVER_MS, ordered: true });
    return { inserted: batch.length, stoppedBy: null };
  } catch (error) {
    const [first] = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (first === undefined) throw error;
    return { inserted: first.index, stoppedBy: isDuplicate(error) ? 'duplicate' : failureOf(error) };
  }
}
