import type { z } from 'zod';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import { authorityChanges as collection } from './collections.ts';
import type { TypedCollection } from './typed-collection.ts';
import { typedCollection } from './typed-collection.ts';

/** All in ms. */
export interface FeedTimes {
  /** Between two looks. */
  readonly interval: number;
  /** After the last good look for which what is remembered may still be used. */
  readonly staleness: number;
  /** How far back each look goes: clocks of instances differ, and a row may be written later than its time says. */
  readonly overlap: number;
  /** How long rows are kept. */
  readonly kept: number;
}

export const feedTimes: FeedTimes = { interval: 400, staleness: 1_500, overlap: 15_000, kept: 10 * 60_000 };

/** Rows sort by the time of their instance's clock. */
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

/** A feed kept in the store and looked at by every instance. A row that was seen is remembered for as long as it can be met again. */
export function openAuthorityFeed(
  engine: DocumentEngine,
  { clock, entropy, log, times = feedTimes }: { clock: Clock; entropy: Entropy; log: Log; times?: FeedTimes },
): AuthorityFeed {
  const rows = typedCollection(engine, collection);
  const listeners = new Set<(change: AuthorityChange) => void>();
  const seen = new Map<string, number>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function tell(id: string, change: AuthorityChange, now: number): void {
    if (seen.has(id)) return;
    seen.set(id, now);
    for (const listener of listeners) listener(change);
  }

  async function look(): Promise<void> {
    const began = clock.now();
    await readAfter(rows, rowId(began - times.overlap, ''), (id, change) => tell(id, change, began));
    for (const [id, at] of seen) if (began - at > 2 * times.overlap) seen.delete(id);
    lookedAt = began;
  }

  function again(): void {
    if (isClosed) return;
    const unheard = (error: unknown) => log.warn('authority.unheard', { error });
    timer = setTimeout(() => void look().catch(unheard).finally(again), times.interval).unref();
  }
  again();

  return {
    append: async (change) => {
      const now = clock.now();
      const id = rowId(now, entropy.id());
      await rows.insert({ id, ...change, expiresAt: now + times.kept });
      tell(id, change, now);
    },
    follow: (listener) => void listeners.add(listener),
    isFresh: () => clock.now() >= lookedAt && clock.now() - lookedAt <= times.staleness,
    close: () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
