import { identityKey } from '../domain/identity.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Identity, Known, User } from '../domain/user.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import { announced } from './announced.ts';
import type { TypedCollection } from './typed-collection.ts';

/** Who is overtaken looks again, at most so often. */
const mostTries = 20;

/** Ms for which what was just said need not be said again: many may sign in at once with one identity. */
const justNow = 1_000;

/** The same facts in whatever order they came. */
const text = ({ groups, claims }: Known): string =>
  JSON.stringify([
    [...groups].sort(),
    ...Object.keys(claims)
      .sort()
      .map((name) => [name, [...(claims[name] ?? [])].sort()]),
  ]);

const isSame = (a: Known | undefined, b: Known): boolean => a !== undefined && text(a) === text(b);

/** What is known of identities, each in one row. */
export function identityRows(links: TypedCollection<Identity>, feed: AuthorityFeed) {
  async function learn(id: string, said: Partial<Known>, now: number): Promise<Identity | null> {
    const change = { kind: 'identity', key: id } as const;
    for (let attempt = 0; attempt < mostTries; attempt += 1) {
      const before = await links.get(id);
      if (before === null) return before;
      // Of whom nothing is known, groups alone are the beginning.
      const groups = said.groups ?? before.known?.groups;
      if (groups === undefined) return before;
      const known = { claims: {}, ...before.known, ...said, groups };
      const groupsAt = said.groups === undefined ? (before.groupsAt ?? before.knownAt ?? 0) : null;
      if (isSame(before.known, known) && now - (before.knownAt ?? 0) < justNow) return before;
      const facts = { known, knownAt: now, ...(groupsAt === null ? {} : { groupsAt }) };
      const write = { set: facts, unset: groupsAt === null ? ['groupsAt'] : [] };
      const take = async () => (await links.updateIf(id, { knownAt: before.knownAt ?? null }, write)) !== null;
      const { groupsAt: _before, ...row } = before;
      if (isSame(before.known, known) ? await take() : await announced(feed, change, take)) return { ...row, ...facts };
    }
    throw new StoreUnavailable('what is known of somebody kept changing while it was being written');
  }

  /** The identity row is the anchor: whoever inserts it decides the user id, and the user row is made to match, however often. */
  async function anchor(given: VerifiedIdentity, told: Partial<Known>, candidate: User['id'], now: number): Promise<Identity> {
    const id = identityKey(given);
    const there = await learn(id, told, now);
    if (there !== null) return there;
    const { groups, claims = {} } = told;
    if (groups === undefined) throw new StoreUnavailable('an identity vanished while it was being settled');
    const known = { groups, claims };
    const { connectionId, issuer, subject } = given;
    const first: Identity = { id, userId: candidate, connectionId, issuer, subject, createdAt: now, known, knownAt: now };
    if ((await links.insert(first)) === 'inserted') return first;
    const winner = await learn(id, told, now);
    if (winner === null) throw new StoreUnavailable('an identity vanished while it was being settled');
    return winner;
  }

  return { learn, anchor };
}
