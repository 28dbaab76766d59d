import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import { reasonOf } from './connection.ts';
import type { Operation, Outcome, Reply, Request, WriterData } from './messages.ts';

/** What the store tells its operator. */
export type StoreEvent = { readonly event: 'writerDied' | 'writerStalled' | 'commitFailed'; readonly reason: string };

export interface GroupCommitOptions extends WriterData {
  readonly log: (event: StoreEvent) => void;
  /** The script of the writer thread. */
  readonly script: URL;
  /** How long a commit may take before its callers, and all who come meanwhile, are refused. */
  readonly stallMs: number;
  /** Hears of the end of every batch before its callers do; not `isKnown` when more may have changed than they are told. */
  readonly settled?: (operations: readonly Operation[], isKnown: boolean) => void;
}

interface Pending {
  readonly operation: Operation;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

const MAX_BATCH = 1_000;
/** How long writes may go on arriving before those that are there set out. */
const GATHER_MS = 4;
const MAX_QUEUE = 20_000;
/** How many callers are told of their outcome in one turn of the loop: what each does next takes time from everybody else. */
const TOLD_TOGETHER = 8;

/**
 * Hands writes to the writer thread, one batch at a time: what arrives while a commit is under way goes into the next one.
 * A thread that dies takes its batch with it and is replaced at the next write.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #worker: Worker | null = null;
  #queue: Pending[] = [];
  #batch: readonly Pending[] | null = null;
  #scheduled = false;
  #stalled = false;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | null = null;
  #idle: (() => void) | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Whether something that is to be written is with the thread. */
  get isWriting(): boolean {
    return this.#batch?.some(({ operation }) => operation.kind !== 'ping') ?? false;
  }

  submit(operation: Operation): Promise<Outcome> {
    if (this.#closing !== null) return Promise.reject(new StoreUnavailable('the store is closed'));
    if (this.#stalled) return Promise.reject(new StoreUnavailable('the storage does not answer'));
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(new StoreUnavailable('too many writes are waiting'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, resolve, reject });
      this.#schedule();
    });
  }

  /** Commits what is queued, then ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  /** Waits for a turn of the loop that brings no further write: a commit costs the same for one as for all who are about to ask for one. */
  #schedule(): void {
    if (this.#scheduled || this.#batch !== null) return;
    this.#scheduled = true;
    const latest = performance.now() + GATHER_MS;
    const look = (gathered: number) => {
      const { length } = this.#queue;
      if (length > gathered && length < MAX_BATCH && performance.now() < latest) {
        setImmediate(look, length);
        return;
      }
      this.#scheduled = false;
      this.#dispatch();
    };
    setImmediate(look, this.#queue.length);
  }

  #dispatch(): void {
    if (this.#batch !== null) return;
    if (this.#queue.length === 0) {
      this.#idle?.();
      return;
    }
    const batch = this.#queue.splice(0, MAX_BATCH);
    this.#batch = batch;
    this.#timer = setTimeout(() => this.#suspect(batch), this.#options.stallMs);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    worker.postMessage(batch.map((pending) => pending.operation) satisfies Request);
  }

  #start(): Worker {
    const { script, path, collections } = this.#options;
    const worker = new Worker(script, { workerData: { path, collections } satisfies WriterData });
    let thrown: string | null = null;
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => (thrown = reasonOf(error)));
    worker.on('exit', (code) => {
      if (this.#worker !== worker) return;
      const reason = thrown ?? `it ended with code ${code}`;
      this.#worker = null;
      this.#options.log({ event: 'writerDied', reason });
      this.#settle({ kind: 'failed', reason: `the writer thread died: ${reason}` });
    });
    return worker;
  }

  #settle(reply: Reply): void {
    const batch = this.#batch ?? [];
    clearTimeout(this.#timer);
    const isKnown = reply.kind === 'committed' && !reply.elsewhere && !this.#stalled;
    this.#batch = null;
    this.#stalled = false;
    this.#worker?.unref();
    this.#options.settled?.(
      batch.map(({ operation }) => operation),
      isKnown,
    );
    if (reply.kind === 'committed') {
      tell(batch, reply.outcomes, 0);
    } else {
      this.#options.log({ event: 'commitFailed', reason: reply.reason });
      refuse(batch, reply.reason);
    }
    this.#schedule();
  }

  /** A process that was itself held up finds its timer due before the answer that is already there. */
  #suspect(batch: readonly Pending[]): void {
    setImmediate(() => {
      if (this.#batch === batch) this.#stall();
    });
  }

  #stall(): void {
    const reason = `no commit within ${this.#options.stallMs} ms`;
    this.#options.log({ event: 'writerStalled', reason });
    this.#stalled = true;
    refuse([...(this.#batch ?? []), ...this.#queue], reason);
    this.#batch = [];
    this.#queue = [];
    this.#idle?.();
  }

  async #drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#stalled) resolve();
      else this.#schedule();
    });
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    worker.ref();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close' satisfies Request);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, this.#options.stallMs, 'stalled')));
    if ((await Promise.race([ended, patience])) === 'stalled') void worker.terminate();
    clearTimeout(timer);
  }
}

/** A few at a time, so that requests whose writes were committed together do not go on all in one turn. */
function tell(batch: readonly Pending[], outcomes: readonly Outcome[], from: number): void {
  const to = Math.min(batch.length, from + TOLD_TOGETHER);
  for (let index = from; index < to; index += 1) batch[index]?.resolve(outcomes[index] as Outcome);
  if (to < batch.length) setImmediate(tell, batch, outcomes, to);
}

function refuse(pendings: readonly Pending[], reason: string): void {
  for (const pending of pendings) pending.reject(new StoreUnavailable(reason));
}
