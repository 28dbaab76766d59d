import type { z } from 'zod';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine, Watching } from '../ports/document-engine.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import { authorityChanges as collection } from './collections.ts';
import { repeat } from './repeat.ts';
import { openStoreClock } from './store-clock.ts';
import type { TypedCollection } from './typed-collection.ts';
import { typedCollection } from './typed-collection.ts';

/** All in ms. */
export interface FeedTimes {
  /** Between two looks. */
  readonly interval: number;
  /** After the last good look for which what is remembered may still be used. */
  readonly staleness: number;
  /** How far back each look goes: what is known of the store's time differs a little, and a row may be written later than its time says. */
  readonly overlap: number;
  /** How long rows are kept. */
  readonly kept: number;
}

export const feedTimes: FeedTimes = { interval: 400, staleness: 1_500, overlap: 15_000, kept: 10 * 60_000 };

/** Rows sort by the store's time, which instances agree on however far their own clocks are apart. */
const rowId = (at: number, tail: string) => `${String(Math.max(0, at)).padStart(15, '0')}-${tail}`;

type Rows = TypedCollection<z.infer<typeof collection.shape>>;

/** Every row after `from`, in pages. */
async function readAfter(rows: Rows, from: string, each: (id: string, change: AuthorityChange) => void): Promise<void> {
  let after = from;
  for (;;) {
    const page = await rows.page({ after, limit: 1000 });
    for (const { id, kind, key } of page) each(id, { kind, key });
    const last = page.at(-1);
    if (last === undefined || page.length < 1000) return;
    after = last.id;
  }
}

/** Every row as the store tells of it, where it does. */
function watch(engine: DocumentEngine, log: Log, each: (id: string, change: AuthorityChange) => void): Watching | undefined {
  return engine.watch?.(collection, {
    inserted: (row) => {
      const { data } = collection.shape.safeParse(row);
      // What cannot be read is met by the next look too, which then fails and says so.
      if (data !== undefined) each(data.id, { kind: data.kind, key: data.key });
    },
    interrupted: (reason) => log.warn('authority.interrupted', { reason }),
    unsupported: () => log.warn('authority.polled'),
  });
}

/**
 * A feed kept in the store and looked at by every instance. The looks alone prove that nothing was missed; where the store tells of
 * inserts by itself, what is new is heard at once and met again by the next look. A row that was seen is remembered for as long as it can be met.
 */
export function openAuthorityFeed(
  engine: DocumentEngine,
  { clock, entropy, log, times = feedTimes }: { clock: Clock; entropy: Entropy; log: Log; times?: FeedTimes },
): AuthorityFeed {
  const rows = typedCollection(engine, collection);
  const storeClock = openStoreClock(engine, { clock, log });
  const listeners = new Set<(change: AuthorityChange) => void>();
  const seen = new Map<string, number>();
  /** When the last good look began, and the first of those that followed one another in time. */
  let lookedAt: number | null = null;
  let freshSince = Number.POSITIVE_INFINITY;

  function tell(id: string, change: AuthorityChange, now: number): void {
    if (seen.has(id)) return;
    seen.set(id, now);
    for (const listener of listeners) listener(change);
  }

  async function look(): Promise<void> {
    const began = clock.now();
    // After a time without a good look, all of that time.
    const unheard = Math.max(0, began - (lookedAt ?? began));
    const from = (await storeClock.now()) - unheard - times.overlap;
    await readAfter(rows, rowId(from, ''), (id, change) => tell(id, change, began));
    for (const [id, at] of seen) if (began - at > 2 * times.overlap) seen.delete(id);
    if (lookedAt === null || began < lookedAt || began - lookedAt > times.staleness) freshSince = began;
    lookedAt = began;
  }

  const unheard = (error: unknown) => log.warn('authority.unheard', { error });
  const stopLooking = repeat(() => look().catch(unheard), times.interval);
  const watching = watch(engine, log, (id, change) => tell(id, change, clock.now()));

  return {
    append: async (change) => {
      const now = await storeClock.now();
      const id = rowId(now, entropy.id());
      await rows.insert({ id, ...change, expiresAt: now + times.kept });
      tell(id, change, clock.now());
    },
    follow: (listener) => void listeners.add(listener),
    freshSince: () => freshSince,
    isFresh: () => lookedAt !== null && clock.now() >= lookedAt && clock.now() - lookedAt <= times.staleness,
    close: () => {
      stopLooking();
      storeClock.close();
      watching?.close();
    },
  };
}
