import type { GrantId } from '../domain/ids.ts';
import type { Standing } from '../domain/standing.ts';
import { membershipId } from '../domain/tenant.ts';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { LiveAuthority } from '../ports/live-authority.ts';
import type { PolicyInForce } from '../ports/policy-in-force.ts';
import type { CacheBounds } from './heard-changes.ts';
import { cacheBounds, heardChanges, nameOf } from './heard-changes.ts';

function concerns({ kind, key }: AuthorityChange, { grantId, identityId, tenant, user, client }: Standing): boolean {
  switch (kind) {
    case 'grant':
      return key === grantId;
    case 'member':
      return key === membershipId(tenant.id, user.id);
    case 'user':
      return key === user.id;
    case 'client':
      return key === client.id;
    case 'identity':
      return key === identityId;
  }
}

/** The names of all changes that would concern it. */
const namesOf = ({ grantId, identityId, tenant, user, client }: Standing): string[] => [
  nameOf({ kind: 'grant', key: grantId }),
  nameOf({ kind: 'member', key: membershipId(tenant.id, user.id) }),
  nameOf({ kind: 'user', key: user.id }),
  nameOf({ kind: 'client', key: client.id }),
  nameOf({ kind: 'identity', key: identityId }),
];

/**
 * An authority that remembers what it was told for as long as the feed says what was taken away since, and the policy is the same. When the feed cannot be heard
 * nothing remembered is used: the store is asked, and if it does not answer nothing is allowed.
 */
export function cachedAuthority(
  inner: LiveAuthority,
  { feed, policy, clock, bounds = cacheBounds }: { feed: AuthorityFeed; policy: PolicyInForce; clock: Clock; bounds?: CacheBounds },
): LiveAuthority {
  const known = new Map<GrantId, { readonly standing: Standing; readonly at: number; readonly revision: number }>();
  const heard = heardChanges(feed, clock, bounds);

  feed.follow((change) => {
    if (change.kind === 'grant') return void known.delete(change.key as GrantId);
    for (const [id, entry] of known) if (concerns(change, entry.standing)) known.delete(id);
  });

  async function ask(grantId: GrantId): Promise<Standing | null> {
    const [mark, at, revision] = [heard.mark(), clock.now(), policy.revision()];
    const standing = await inner.standing(grantId);
    known.delete(grantId);
    if (standing !== null && heard.mayRemember(mark, namesOf(standing))) {
      if (known.size >= bounds.most) known.delete(known.keys().next().value as GrantId);
      known.set(grantId, { standing, at, revision });
    }
    return standing;
  }

  return {
    standing: async (grantId) => {
      const entry = known.get(grantId);
      const age = entry === undefined ? Number.POSITIVE_INFINITY : clock.now() - entry.at;
      const isOver = clock.now() >= (entry?.standing.endsAt ?? Number.POSITIVE_INFINITY);
      const isOfNow = entry !== undefined && !isOver && entry.revision === policy.revision() && policy.isFresh();
      const isUsable = isOfNow && age >= 0 && age <= bounds.oldest && feed.isFresh() && entry.at >= feed.freshSince();
      return isUsable ? entry.standing : ask(grantId);
    },
  };
}
