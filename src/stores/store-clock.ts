import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Log } from '../ports/log.ts';

/** All in ms. */
export interface CompareTimes {
  /** Between two comparisons. */
  readonly every: number;
  /** A comparison whose answer took longer says too little. */
  readonly longest: number;
  /** What operators have to know of. */
  readonly apart: number;
  /** Between two words about the same. */
  readonly quiet: number;
}

export const compareTimes: CompareTimes = { every: 10_000, longest: 2_000, apart: 20_000, quiet: 600_000 };

export interface StoreClock {
  /** The time (ms since the epoch) that instances whose own clocks differ agree on: our own and how far the store's is ahead of it. */
  now(): Promise<number>;
  close(): void;
}

/** By how much our clock may leave one that only goes forward before it was set by somebody (ms). */
const stepped = 1_000;

/** Where the store has no clock of its own to tell, ours is the time. */
export function openStoreClock(
  engine: Pick<DocumentEngine, 'time'>,
  { clock, log, times = compareTimes }: { clock: Clock; log: Log; times?: CompareTimes },
): StoreClock {
  let ahead = 0;
  let steady = Number.NaN;
  let toldAt: number | null = null;

  function tell(now: number): void {
    const isApart = Math.abs(ahead) >= times.apart;
    if (!isApart) toldAt = null;
    if (!isApart || (toldAt !== null && Math.abs(now - toldAt) < times.quiet)) return;
    toldAt = now;
    const reason = `this machine's clock is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'behind' : 'ahead of'} the store's`;
    log.error('clock.apart', { reason });
  }

  async function compare(): Promise<void> {
    const from = clock.now();
    const told = await engine.time?.();
    const to = clock.now();
    // One that stepped in between tells nothing either.
    if (told === undefined || to < from || to - from > times.longest) return;
    ahead = told - (from + to) / 2;
    steady = to - performance.now();
    tell(to);
  }

  // A store that cannot be asked fails everything else too, and says so there.
  const comparing = () => compare().catch(() => undefined);
  const first = comparing();
  const timer = engine.time === undefined ? undefined : setInterval(() => void comparing(), times.every).unref();
  return {
    now: async () => {
      await first;
      if (Math.abs(clock.now() - performance.now() - steady) > stepped) await comparing();
      return Math.round(clock.now() + ahead);
    },
    close: () => clearInterval(timer),
  };
}
