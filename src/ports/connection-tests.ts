import type { ConnectionTest } from '../domain/connection-test.ts';
import type { TransactionId } from '../domain/ids.ts';

export interface ConnectionTests {
  /** Begins a test. Of any number of concurrent callers with the same id exactly one sees true. */
  add(test: ConnectionTest): Promise<boolean>;
  /** Null when it is unknown or tidied away; the caller judges `expiresAt`. */
  get(id: TransactionId): Promise<ConnectionTest | null>;
  /** Writes a test over the version before it. Of any number of concurrent callers exactly one sees true. */
  advance(next: ConnectionTest): Promise<boolean>;
}
