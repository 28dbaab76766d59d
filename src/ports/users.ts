import type { TransactionId, UserId } from '../domain/ids.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Identity, User } from '../domain/user.ts';

export interface Users {
  get(id: UserId): Promise<User | null>;
  /** An identity by its `identityKey`; null when nobody has signed in with it. */
  identity(id: string): Promise<Identity | null>;
  /** Every identity of a user. */
  identitiesOf(userId: UserId): Promise<Identity[]>;
  /** Keeps a user for one transaction that changes what identities they have: until then (ms) of any number of others none gets them. */
  reserve(id: UserId, by: TransactionId, until: number, now: number): Promise<boolean>;
  release(id: UserId, by: TransactionId): Promise<void>;
  /** Gives an identity to another user: of any number of concurrent callers who take it from the same one exactly one does, and is told so. */
  handOver(id: string, from: UserId, to: UserId, now: number): Promise<boolean>;
  /**
   * The user behind an identity, made at the first sign-in: of any number of concurrent first sign-ins of one identity all get the same
   * user. Name, e-mail and `seenAt` follow the identity. `candidate` is the id a new user gets.
   */
  settle(identity: VerifiedIdentity, candidate: UserId, now: number): Promise<User>;
}
