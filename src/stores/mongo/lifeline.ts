import type { Collection, Db } from 'mongodb';
import type { Opened } from './client.ts';
import { within } from './deadline.ts';
import type { Row } from './encode.ts';

/** All in ms. */
export interface LifelineTimes {
  /** For how long nothing may have come back before the client is given up: longer than a primary takes to be elected. */
  readonly patience: number;
  /** How long a new one may take to connect. */
  readonly connect: number;
}

export interface LifelineOptions extends LifelineTimes {
  /** Makes a client that is not connected yet. */
  readonly open: () => Opened;
  readonly replaced: () => void;
}

/**
 * The client in use. The driver finds its way back by itself, but for rare times when its own watching of the servers has stopped and it
 * goes on refusing with the database there: then a new client takes over, once it has connected.
 */
export class Lifeline {
  readonly #options: LifelineOptions;
  #opened: Opened;
  /** Since when nothing came back, by a clock that only goes forward; null while things do. */
  #silentSince: number | null = null;
  #replacing: Promise<void> | null = null;
  #isClosed = false;

  constructor(opened: Opened, options: LifelineOptions) {
    this.#opened = opened;
    this.#options = options;
  }

  get db(): Db {
    return this.#opened.db;
  }

  rows(name: string): Collection<Row> {
    return this.#opened.db.collection<Row>(name);
  }

  /** The server answered, whatever it said. */
  answered(): void {
    this.#silentSince = null;
  }

  /** Nothing came back for one question. */
  unanswered(): void {
    const now = performance.now();
    this.#silentSince ??= now;
    if (now - this.#silentSince < this.#options.patience || this.#replacing !== null || this.#isClosed) return;
    // A new client that does not connect either is no better: the next one is made after as long again.
    this.#silentSince = now;
    this.#replacing = this.#replace().finally(() => (this.#replacing = null));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#replacing;
    await this.#opened.client.close();
  }

  async #replace(): Promise<void> {
    const next = this.#options.open();
    try {
      await within(this.#options.connect, next.client.connect());
    } catch {
      await next.client.close().catch(() => undefined);
      return;
    }
    const before = this.#opened;
    this.#opened = next;
    this.#silentSince = null;
    this.#options.replaced();
    await before.client.close().catch(() => undefined);
  }
}
