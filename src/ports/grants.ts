import type { Grant } from '../domain/grant.ts';
import type { GrantId } from '../domain/ids.ts';

/** What must be equal for a code to be redeemed in one step. */
export type ShownCode = Readonly<Partial<Pick<Grant, 'client_id' | 'code_challenge' | 'redirect_uri' | 'resource'>>>;

export interface Grants {
  /** Adds the grant, once: a second add of the same id changes nothing. */
  add(grant: Grant): Promise<'added' | 'exists'>;
  get(id: GrantId): Promise<Grant | null>;
  /**
   * Turns a code into a live grant, provided it was given out for what is `shown`. Of any number of concurrent callers exactly one gets the
   * grant, as it was before; the others get null. RFC 6749 §4.1.2.
   */
  redeem(id: GrantId, shown: ShownCode, at: { usedAt: number; idleEndsAt: number; expiresAt: number }): Promise<Grant | null>;
  /** Makes a code of a redeemed grant again, as it was before, unless tokens were handed out or it was ended. */
  giveBack(before: Grant): Promise<void>;
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
