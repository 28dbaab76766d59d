import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';

/**
 * Takes something away, telling every instance before and, once it is gone, after.
 *
 * After, because from then on whoever asks the store is told the truth, however long the taking took: what is answered is done everywhere.
 * Before, because between two writes a process may be killed or the second may fail. Whoever has heard the first remembers nothing about
 * the matter for as long as the taking may last (`settling` in cached-authority.ts), so there is no moment after which an instance goes by
 * what it knew. When the first cannot be told, nothing is taken away and the caller can ask again.
 */
export async function announced(feed: AuthorityFeed, change: AuthorityChange, take: () => Promise<boolean>): Promise<boolean> {
  await feed.append(change);
  const isGone = await take();
  if (isGone) await feed.append(change);
  return isGone;
}

/** The same for what several changes are about, each told before and after. */
export async function allAnnounced(
  feed: AuthorityFeed,
  changes: readonly AuthorityChange[],
  take: () => Promise<boolean>,
): Promise<boolean> {
  const [first, ...rest] = changes;
  return first === undefined ? take() : announced(feed, first, () => allAnnounced(feed, rest, take));
}
