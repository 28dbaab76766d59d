import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';

/** The longest times (ms) and largest numbers of what is remembered. */
export interface CacheBounds {
  readonly most: number;
  /** After which it is asked about again even if nothing was heard. */
  readonly oldest: number;
  /** For which nothing is remembered about what was just heard of: it is announced before it takes effect. See announced.ts. */
  readonly settling: number;
}

/** An announcement and its effect are two writes, each over within five seconds; the rest is for a process that was held up between them. */
export const cacheBounds: CacheBounds = { most: 50_000, oldest: 60_000, settling: 15_000 };

export const nameOf = ({ kind, key }: AuthorityChange): string => `${kind} ${key}`;

/** What one instance may remember: that which nothing was heard of since it was asked about, and not just before either. */
export interface HeardChanges {
  /** A mark to be shown to `mayRemember` by whoever is about to ask. */
  mark(): number;
  /** Whether an answer may be kept whose asking began at the mark and which any of these changes would concern. */
  mayRemember(mark: number, names: readonly string[]): boolean;
}

export function heardChanges(feed: AuthorityFeed, clock: Clock, { settling }: CacheBounds): HeardChanges {
  /** When each change was heard of last, the oldest first. */
  const heard = new Map<string, number>();
  let changes = 0;
  const isSettled = (at: number) => clock.now() - at >= settling;

  feed.follow((change) => {
    changes += 1;
    heard.delete(nameOf(change));
    for (const [name, at] of heard) {
      if (!isSettled(at)) break;
      heard.delete(name);
    }
    heard.set(nameOf(change), clock.now());
  });

  return {
    mark: () => changes,
    // What changed while the store was being asked may be missing from its answer, and what was just announced may be yet to come.
    mayRemember: (mark, names) =>
      mark === changes && feed.isFresh() && names.every((name) => isSettled(heard.get(name) ?? Number.NEGATIVE_INFINITY)),
  };
}
