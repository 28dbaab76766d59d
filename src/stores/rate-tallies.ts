import type { Tally } from '../domain/rate-window.ts';
import { sumOf } from '../domain/rate-window.ts';

/** A tally, and of what. */
export interface SourceTally extends Tally {
  readonly counter: string;
  readonly window: number;
  readonly source: string;
  /** Whether there is a row for it. */
  isStored: boolean;
}

/** The tallies of one counter in the present window, at most so many of them. */
export interface Tallies {
  find(window: number, source: string): SourceTally | undefined;
  meet(window: number, source: string): SourceTally;
  readonly size: number;
}

/** A full table forgets whom it met once, then whom it met first; what they did is still in the store as far as it was shared. */
export function openTallies(counter: string, most: number, forget: (tally: SourceTally) => void): Tallies {
  let held = new Map<string, SourceTally>();
  let present = Number.NaN;

  function makeRoom(): void {
    const drop = (tally: SourceTally) => {
      held.delete(tally.source);
      forget(tally);
    };
    for (const tally of held.values()) if (sumOf(tally) <= 1) drop(tally);
    for (const tally of held.values()) {
      if (held.size <= most / 2) return;
      drop(tally);
    }
  }

  const find = (window: number, source: string) => (window === present ? held.get(source) : undefined);
  return {
    find,
    meet: (window, source) => {
      const known = find(window, source);
      if (known !== undefined) return known;
      if (window !== present) held = new Map();
      present = window;
      if (held.size >= most) makeRoom();
      const tally = { own: 0, shared: 0, others: 0, counter, window, source, isStored: false };
      held.set(source, tally);
      return tally;
    },
    get size() {
      return held.size;
    },
  };
}
