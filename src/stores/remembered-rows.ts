import { membershipId } from '../domain/tenant.ts';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { Memberships } from '../ports/memberships.ts';
import type { SeenClients } from '../ports/seen-clients.ts';
import type { Users } from '../ports/users.ts';
import type { CacheBounds } from './heard-changes.ts';
import { cacheBounds, heardChanges, nameOf } from './heard-changes.ts';

/** Asks for a row by its key, unless it is remembered. */
type Read = <Row extends object>(key: string, ask: () => Promise<Row | null>) => Promise<Row | null>;

/**
 * Reads of rows of one kind, each remembered for as long as the feed says what happened to them since. When the feed cannot be heard
 * nothing remembered is used. That there is no row is never remembered.
 */
export function rememberedRows(kind: AuthorityChange['kind'], feed: AuthorityFeed, clock: Clock, bounds: CacheBounds = cacheBounds): Read {
  const known = new Map<string, { readonly row: object; readonly at: number }>();
  const heard = heardChanges(feed, clock, bounds);
  feed.follow((change) => {
    if (change.kind === kind) known.delete(change.key);
  });

  return async <Row extends object>(key: string, ask: () => Promise<Row | null>) => {
    const at = clock.now();
    const entry = known.get(key);
    const isHeard = feed.isFresh() && (entry?.at ?? 0) >= feed.freshSince();
    if (entry !== undefined && at >= entry.at && at - entry.at <= bounds.oldest && isHeard) return entry.row as Row;
    const mark = heard.mark();
    const row = await ask();
    known.delete(key);
    if (row !== null && heard.mayRemember(mark, [nameOf({ kind, key })])) {
      if (known.size >= bounds.most) known.delete(known.keys().next().value as string);
      known.set(key, { row, at });
    }
    return row;
  };
}

interface Administrative {
  readonly users: Users;
  readonly memberships: Memberships;
  readonly seenClients: SeenClients;
}

/** The stores of what administrators decide, their single rows remembered. */
export function rememberingStores<Stores extends Administrative>(stores: Stores, feed: AuthorityFeed, clock: Clock): Stores {
  const { users, memberships, seenClients } = stores;
  const [user, member, client, identity] = [
    rememberedRows('user', feed, clock),
    rememberedRows('member', feed, clock),
    rememberedRows('client', feed, clock),
    rememberedRows('identity', feed, clock),
  ];
  return {
    ...stores,
    users: { ...users, get: (id) => user(id, () => users.get(id)), identity: (id) => identity(id, () => users.identity(id)) },
    memberships: {
      ...memberships,
      get: (tenantId, userId) => member(membershipId(tenantId, userId), () => memberships.get(tenantId, userId)),
    },
    seenClients: { ...seenClients, get: (client_id) => client(client_id, () => seenClients.get(client_id)) },
  };
}
