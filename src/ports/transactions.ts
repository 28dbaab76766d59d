import type { TransactionId } from '../domain/ids.ts';
import type { Transaction } from '../domain/transaction.ts';

export interface Transactions {
  add(transaction: Transaction): Promise<void>;
  /** Null when it is unknown or tidied away; the caller judges `expiresAt`. */
  get(id: TransactionId): Promise<Transaction | null>;
  /** Writes a transaction over the version before it. Of any number of concurrent callers exactly one sees true. */
  advance(next: Transaction): Promise<boolean>;
}
