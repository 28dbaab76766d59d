import { identityKey } from '../domain/identity.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Told } from '../domain/told.ts';
import { knownAfter } from '../domain/told.ts';
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
  async function learn(id: string, told: Told, now: number): Promise<Identity | null> {
    const change = { kind: 'identity', key: id } as const;
    for (let attempt = 0; attempt < mostTries; attempt += 1) {
      const before = await links.get(id);
      if (before === null) return before;
      const facts = knownAfter(before, told, now);
      if (facts === null) return before;
      if (isSame(before.known, facts.known) && now - (before.knownAt ?? 0) < justNow) return before;
      const write = { set: { ...facts }, unset: (['groupsAt', 'claimsAt'] as const).filter((name) => facts[name] === undefined) };
      const take = async () => (await links.updateIf(id, { knownAt: before.knownAt ?? null }, write)) !== null;
      const { groupsAt: _groups, claimsAt: _claims, ...row } = before;
      if (isSame(before.known, facts.known) ? await take() : await announced(feed, change, take)) return { ...row, ...facts };
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
