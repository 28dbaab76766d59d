import type { Clock } from '../ports/clock.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import type { Entropy } from '../ports/entropy.ts';

/** What every connector is given to reach the outside. */
export interface ConnectorTools {
  readonly clock: Clock;
  readonly fetch: OutboundFetch;
}

/** What an examination needs besides. */
export interface ExaminationTools extends ConnectorTools {
  readonly entropy: Entropy;
  /** Milliseconds since the epoch; not a number when it is no date. */
  readonly readDate: (text: string) => number;
  /** Whether our credential may be tried; false where it is known to another process alone. */
  readonly triesCredential: boolean;
}
