import { endOfWindow, sumOf, unshared, windowAt } from '../domain/rate-window.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { RateCounter, RateWindows } from '../ports/rate-windows.ts';
import type { Sealing } from '../ports/sealing.ts';
import { rateRows } from './rate-rows.ts';
import type { SharingBounds } from './rate-sharing.ts';
import { RateSharing } from './rate-sharing.ts';
import { openTallies } from './rate-tallies.ts';

export const sharingBounds: SharingBounds = { interval: 1_000, soon: 100, afterFailure: 3_000, rows: 32, sources: 10_000 };

/** The part of a limit, one in so many, from which on telling the others is hastened. */
const GOOD_PART = 8;

interface Outside {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly mac: Sealing['mac'];
  readonly bounds?: SharingBounds;
}

/** Counts in memory and shares what it counted through the store, where it outlives the process. */
export function openRateWindows(engine: DocumentEngine, { clock, entropy, log, mac, bounds = sharingBounds }: Outside): RateWindows {
  // The engine's field names are plain words.
  const instance = Array.from(entropy.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const sharing = new RateSharing(rateRows(engine, { instance, mac }), { bounds, clock, log });

  function counter(name: string, limit: number): RateCounter {
    const tallies = openTallies(name, bounds.sources, (tally) => sharing.drop(tally));
    return {
      wait: (source) => {
        const now = clock.now();
        const window = windowAt(now);
        const tally = tallies.find(window, source);
        return tally !== undefined && sumOf(tally) >= limit ? endOfWindow(window) - now : 0;
      },
      count: (source) => {
        const tally = tallies.meet(windowAt(clock.now()), source);
        tally.own += 1;
        sharing.add(tally, unshared(tally) * GOOD_PART >= limit);
      },
    };
  }

  return { counter, close: () => sharing.close() };
}
