import { hottest, unshared, windowAt } from '../domain/rate-window.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { SourceTally } from './rate-tallies.ts';

export interface SharingBounds {
  /** Ms from the first count that nobody else knows of until it is shared. */
  readonly interval: number;
  /** The same where a good part of a limit is unshared. */
  readonly soon: number;
  /** Ms to the next try, of one row, when the store did not answer. */
  readonly afterFailure: number;
  /** Rows written at once. */
  readonly rows: number;
  /** Sources remembered by each counter. */
  readonly sources: number;
}

/** When tallies are shared: in the background, one share at a time, those first that have the most to tell, and not at all while nothing is counted. */
export class RateSharing {
  readonly #tell: (tally: SourceTally) => Promise<void>;
  readonly #bounds: SharingBounds;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Set<SourceTally>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isSharing = false;
  #isHasty = false;
  #isDown = false;
  #isClosed = false;

  constructor(tell: (tally: SourceTally) => Promise<void>, { bounds, clock, log }: { bounds: SharingBounds; clock: Clock; log: Log }) {
    this.#tell = tell;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#log = log;
  }

  add(tally: SourceTally, isHasty: boolean): void {
    this.#waiting.add(tally);
    if (isHasty && !this.#isHasty && !this.#isDown) {
      this.#isHasty = true;
      this.#stopTimer();
    }
    this.#plan();
  }

  drop(tally: SourceTally): void {
    this.#waiting.delete(tally);
  }

  /** Shares a last time, even beside a share under way: a row says the same however often it is written. */
  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
    if (!this.#isDown) void this.#share();
  }

  #plan(): void {
    if (this.#isSharing || this.#isClosed || this.#timer !== null) return;
    const { interval, soon, afterFailure } = this.#bounds;
    this.#timer = setTimeout(() => void this.#share(), this.#isDown ? afterFailure : this.#isHasty ? soon : interval).unref();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #share(): Promise<void> {
    this.#timer = null;
    this.#isHasty = false;
    this.#isSharing = true;
    const window = windowAt(this.#clock.now());
    for (const tally of this.#waiting) if (tally.window !== window) this.#waiting.delete(tally);
    const outcomes = await Promise.allSettled(
      hottest(this.#waiting, this.#isDown ? 1 : this.#bounds.rows).map((tally) => this.#one(tally)),
    );
    const failed = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    // At the end the store may close before the last word; that is no news.
    if (failed !== undefined && !this.#isDown && !this.#isClosed) this.#log.warn('limits.unshared', { error: failed.reason });
    this.#isDown = failed !== undefined;
    this.#isSharing = false;
    if (this.#waiting.size > 0) this.#plan();
  }

  async #one(tally: SourceTally): Promise<void> {
    await this.#tell(tally);
    if (unshared(tally) === 0) this.#waiting.delete(tally);
  }
}
