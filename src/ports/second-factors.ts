import type { UserId } from '../domain/ids.ts';
import type { SecondFactor } from '../domain/second-factor.ts';

type Judged = Pick<SecondFactor, 'version' | 'lastStep' | 'recovery' | 'failures' | 'lockedUntil'>;

/** Everybody's second factor of ours. */
export interface SecondFactors {
  get(userId: UserId): Promise<SecondFactor | null>;
  /** Of any number of concurrent enrolments of one person exactly one is `added`; what is there already is never replaced. */
  add(factor: Omit<SecondFactor, 'sealed'>, secret: string): Promise<'added' | 'exists'>;
  /** The app's secret; null when it was sealed under another key. */
  secretOf(factor: SecondFactor): string | null;
  /** Writes what an answer came to over the row it was judged by. Of any number of concurrent callers exactly one sees true. */
  settle(judged: SecondFactor, change: Judged): Promise<boolean>;
  /** Takes the factor away; true for the one caller who did. */
  remove(userId: UserId): Promise<boolean>;
}
