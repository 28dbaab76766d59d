import type { Grant } from '../domain/grant.ts';
import type { GrantId, UserId } from '../domain/ids.ts';

export interface Grants {
  /** Adds the grant, once: a second add of the same id changes nothing. */
  add(grant: Grant): Promise<'added' | 'exists'>;
  get(id: GrantId): Promise<Grant | null>;
  /** Every grant of a user, ended ones included. */
  ofUser(userId: UserId): Promise<Grant[]>;
  /** Every grant whose sign-in belongs to an upstream session, by `sidKey`. */
  ofSid(sidKey: string): Promise<Grant[]>;
  /** Turns a code into a live grant. Of any number of concurrent callers exactly one gets the grant; the others get null. RFC 6749 §4.1.2. */
  redeem(id: GrantId, at: { usedAt: number; idleEndsAt: number; expiresAt: number }): Promise<Grant | null>;
  /** Notes when the tokens of a redemption were handed out; of an ended grant nothing is noted. */
  answered(id: GrantId, at: number): Promise<void>;
  /** Replaces a generation by the next. Of any number of concurrent callers with the same generation exactly one gets the grant. */
  rotate(
    id: GrantId,
    from: number,
    to: { generation: number; rotations: readonly number[]; usedAt: number; idleEndsAt: number; expiresAt: number },
  ): Promise<Grant | null>;
  /** Ends a grant in whatever stage; true for the one caller who ended it. Once answered, nothing of the grant works any more. */
  end(id: GrantId, because: string): Promise<boolean>;
}
