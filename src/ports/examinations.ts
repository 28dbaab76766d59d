import type { Check } from '../domain/connection-check.ts';
import type { ConnectionAbilities } from '../domain/connection-settings.ts';
import type { ConnectionId } from '../domain/ids.ts';

/** A connection as it can be looked at before anybody signs in. */
export interface Examinable {
  /** What its kind is called. */
  readonly kind: string;
  /** Who its tokens are from. */
  readonly issuer: string;
  /** Where its answers come in, as it has to be told. */
  readonly redirect_uri: string;
  /** What it can bring by its settings. */
  readonly abilities: ConnectionAbilities;
  /** Asks the identity provider. What it does not answer is a finding; nothing is thrown for it. */
  examine(): Promise<readonly Check[]>;
}

/** Every configured connection. Of any number of concurrent callers who examine one, one asks and all get the answer. */
export type Examinations = ReadonlyMap<ConnectionId, Examinable>;
