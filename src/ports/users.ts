import type { TransactionId, UserId } from '../domain/ids.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Told } from '../domain/told.ts';
import type { Identity, Known, User } from '../domain/user.ts';

export interface Users {
  get(id: UserId): Promise<User | null>;
  /** An identity by its `identityKey`; null when nobody has signed in with it. */
  identity(id: string): Promise<Identity | null>;
  /** Every identity of a user. */
  identitiesOf(userId: UserId): Promise<Identity[]>;
  /** Lets somebody in or keeps them out, everywhere before this is answered; null when nobody is called so. */
  decide(id: UserId, status: User['status']): Promise<User | null>;
  /** Keeps a user for one transaction that changes what identities they have: until then (ms) of any number of others none gets them. */
  reserve(id: UserId, by: TransactionId, until: number, now: number): Promise<boolean>;
  release(id: UserId, by: TransactionId): Promise<void>;
  /** Gives an identity to another user: of any number of concurrent callers who take it from the same one exactly one does, and is told so. */
  handOver(id: string, from: UserId, to: UserId, now: number): Promise<boolean>;
  /**
   * The user behind an identity, made at the first sign-in: of any number of concurrent first sign-ins of one identity all get the same
   * user. Name, e-mail and `seenAt` follow the identity, and so does what is known of it; what was not
   * told stays, of an identity that is there. `candidate` is the id a new user gets.
   */
  settle(identity: VerifiedIdentity, told: Partial<Known>, candidate: UserId, now: number): Promise<{ user: User; identity: Identity }>;
  /**
   * Keeps what the connection says now of an identity that is there, whatever the clock said when it last spoke; what was not told stays. Every
   * instance hears of a change before this is answered. Null when there is no such identity.
   */
  learn(id: string, told: Told, now: number): Promise<Identity | null>;
  /** Forgets what is known of an identity: no rule gives it anything until its connection speaks again. */
  forget(id: string): Promise<void>;
}
