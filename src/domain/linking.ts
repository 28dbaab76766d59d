import { z } from 'zod';
import type { Grant } from './grant.ts';
import { ConnectionId, UserId } from './ids.ts';
import { Person } from './person.ts';
import { isProvenFresh } from './local-evidence.ts';

/** Somebody is joining two accounts: the other sign-in is still to come, or has come and both halves are there. */
export const Linking = z.discriminatedUnion('half', [
  z.object({ half: z.literal('first') }),
  z.object({ half: z.literal('second'), first: Person }),
]);
export type Linking = z.infer<typeof Linking>;

/** An identity of one user that becomes another's. */
export const Handover = z.object({ identityId: z.string(), connectionId: ConnectionId, from: UserId, to: UserId });
export type Handover = z.infer<typeof Handover>;

/** What is known of a user whom somebody has just proven to be. */
export interface Half {
  readonly userId: UserId;
  readonly createdAt: number;
  /** Through what they signed in just now. */
  readonly connectionId: ConnectionId;
  /** Through what they can sign in at all. */
  readonly connections: readonly ConnectionId[];
  /** Whether they have a second factor of ours. */
  readonly hasFactor: boolean;
}

/** Both halves of this moment; null when that sign-in is not that user's any more, or the user may not come in. */
export interface LinkFacts {
  readonly first: Half | null;
  readonly second: Half | null;
}

export type WhoStays =
  | { readonly verdict: 'join'; readonly stays: 'first' | 'second' }
  | { readonly verdict: 'joined-already' | 'same-sign-in' | 'two-factors' | 'two-joined' };

export type LinkVerdict = WhoStays | { readonly verdict: 'changed' } | { readonly verdict: 'not-fresh'; readonly half: 'first' | 'second' };

/** A factor of ours proves one person, and other sign-ins were joined to one: whoever has either cannot become somebody else. */
const isAnchored = ({ hasFactor, connections }: Half): boolean => hasFactor || connections.length > 1;

/** The older user stays, unless the other is one who cannot leave. E-mail addresses play no part. */
export function whoStays(first: Half, second: Half): WhoStays {
  if (first.userId === second.userId) return { verdict: 'joined-already' };
  // Two accounts of one sign-in are two people there, and their roles could not be told apart here.
  if (first.connections.includes(second.connectionId) || second.connections.includes(first.connectionId))
    return { verdict: 'same-sign-in' };
  if (first.hasFactor && second.hasFactor) return { verdict: 'two-factors' };
  if (isAnchored(first) && isAnchored(second)) return { verdict: 'two-joined' };
  if (isAnchored(first) !== isAnchored(second)) return { verdict: 'join', stays: isAnchored(first) ? 'first' : 'second' };
  const isFirstOlder = first.createdAt === second.createdAt ? first.userId < second.userId : first.createdAt < second.createdAt;
  return { verdict: 'join', stays: isFirstOlder ? 'first' : 'second' };
}

/** Judges two sign-ins of one browser. Nothing is joined but by two that are both of just now. */
export function judgeLink(first: Person, second: Person, facts: LinkFacts, now: number): LinkVerdict {
  if (!isProvenFresh(first, now)) return { verdict: 'not-fresh', half: 'first' };
  if (!isProvenFresh(second, now)) return { verdict: 'not-fresh', half: 'second' };
  return facts.first === null || facts.second === null ? { verdict: 'changed' } : whoStays(facts.first, facts.second);
}

/** What joining does; null for a sign-in of before it was kept whose it is. */
export function handoverOf(first: Person, second: Person, stays: 'first' | 'second'): Handover | null {
  const [staying, leaving] = stays === 'first' ? [first, second] : [second, first];
  const { identityId, connectionId, userId: from } = leaving;
  return identityId === undefined ? null : { identityId, connectionId, from, to: staying.userId };
}

/** What becomes of joining when somebody has signed in: the same account again is still the first half, another one the second. */
export function linkingAfter(before: { readonly person: Person; readonly linking?: Linking | undefined } | null, person: Person) {
  if (before?.linking?.half !== 'first') return {};
  const isSame = before.person.identityId !== undefined && before.person.identityId === person.identityId;
  const linking: Linking = isSame ? { half: 'first' } : { half: 'second', first: before.person };
  return { linking };
}

/** Whether a grant was given by this sign-in; one of before that was kept, by its connection. */
export const cameThrough = (grant: Grant, { identityId, connectionId }: Pick<Handover, 'identityId' | 'connectionId'>): boolean =>
  grant.identityId === undefined ? grant.connectionId === connectionId : grant.identityId === identityId;
