import type { GrantId } from '../domain/ids.ts';
import type { Standing } from '../domain/standing.ts';
import { membershipId } from '../domain/tenant.ts';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { LiveAuthority } from '../ports/live-authority.ts';

/** How many grants are remembered, and the longest times (ms). */
export interface CacheBounds {
  readonly most: number;
  /** After which they are asked about again even if nothing was heard. */
  readonly oldest: number;
  /** For which nothing is remembered about what was just heard of: it is announced before it takes effect. See announced.ts. */
  readonly settling: number;
}

/** An announcement and its effect are two writes, each over within five seconds; the rest is for a process that was held up between them. */
const bounds: CacheBounds = { most: 50_000, oldest: 60_000, settling: 15_000 };

function concerns({ kind, key }: AuthorityChange, { grantId, tenant, user, client }: Standing): boolean {
  switch (kind) {
    case 'grant':
      return key === grantId;
    case 'member':
      return key === membershipId(tenant.id, user.id);
    case 'user':
      return key === user.id;
    case 'client':
      return key === client.id;
  }
}

const nameOf = ({ kind, key }: AuthorityChange): string => `${kind} ${key}`;

/** The names of all changes that would concern it. */
const namesOf = ({ grantId, tenant, user, client }: Standing): string[] => [
  nameOf({ kind: 'grant', key: grantId }),
  nameOf({ kind: 'member', key: membershipId(tenant.id, user.id) }),
  nameOf({ kind: 'user', key: user.id }),
  nameOf({ kind: 'client', key: client.id }),
];

/**
 * An authority that remembers what it was told for as long as the feed says what was taken away since. When the feed cannot be heard
 * nothing remembered is used: the store is asked, and if it does not answer nothing is allowed.
 */
export function cachedAuthority(
  inner: LiveAuthority,
  feed: AuthorityFeed,
  clock: Clock,
  { most, oldest, settling }: CacheBounds = bounds,
): LiveAuthority {
  const known = new Map<GrantId, { readonly standing: Standing; readonly at: number }>();
  /** When each change was heard of last, the oldest first. */
  const heard = new Map<string, number>();
  let changes = 0;

  const isSettled = (at: number) => clock.now() - at >= settling;
  const isQuiet = (standing: Standing) => namesOf(standing).every((name) => isSettled(heard.get(name) ?? Number.NEGATIVE_INFINITY));

  feed.follow((change) => {
    changes += 1;
    heard.delete(nameOf(change));
    for (const [name, at] of heard) {
      if (!isSettled(at)) break;
      heard.delete(name);
    }
    heard.set(nameOf(change), clock.now());
    if (change.kind === 'grant') return void known.delete(change.key as GrantId);
    for (const [id, entry] of known) if (concerns(change, entry.standing)) known.delete(id);
  });

  async function ask(grantId: GrantId): Promise<Standing | null> {
    const [before, at] = [changes, clock.now()];
    const standing = await inner.standing(grantId);
    known.delete(grantId);
    // What changed while the store was being asked may be missing from its answer, and what was just announced may be yet to come.
    if (standing !== null && before === changes && feed.isFresh() && isQuiet(standing)) {
      if (known.size >= most) known.delete(known.keys().next().value as GrantId);
      known.set(grantId, { standing, at });
    }
    return standing;
  }

  return {
    standing: async (grantId) => {
      const entry = known.get(grantId);
      const age = entry === undefined ? Number.POSITIVE_INFINITY : clock.now() - entry.at;
      return entry !== undefined && age >= 0 && age <= oldest && feed.isFresh() ? entry.standing : ask(grantId);
    },
  };
}
