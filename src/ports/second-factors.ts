import type { UserId } from '../domain/ids.ts';
import type { FactorChange, SecondFactor } from '../domain/second-factor.ts';

/** Without passkeys it has none. */
type NewFactor = Omit<SecondFactor, 'sealed' | 'passkeys'> & Partial<Pick<SecondFactor, 'passkeys'>>;

/** Everybody's second factor of ours. */
export interface SecondFactors {
  get(userId: UserId): Promise<SecondFactor | null>;
  /** Of any number of concurrent enrolments of one person exactly one is `added`; what is there already is never replaced. */
  add(factor: NewFactor, secret: string | null): Promise<'added' | 'exists'>;
  /** The app's secret; null when there is none, or it was sealed under another key. */
  secretOf(factor: SecondFactor): string | null;
  /** Writes what an answer came to over the row it was judged by, and the secret of an app that joins it. Of any number of concurrent callers exactly one sees true. */
  settle(judged: SecondFactor, change: FactorChange, secret?: string): Promise<boolean>;
  /** Takes the factor away; true for the one caller who did. */
  remove(userId: UserId): Promise<boolean>;
}
