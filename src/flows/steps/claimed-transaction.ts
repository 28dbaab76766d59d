import type { TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Transactions } from '../../ports/transactions.ts';
import { sameText } from '../../domain/digest.ts';

export interface ClaimDependencies {
  readonly transactions: Transactions;
  readonly clock: Clock;
}

/** The transaction if it is this browser's and still open; an expired, unknown or foreign one is a page. RFC 9700 §4.7. */
export const claimedTransaction =
  ({ transactions, clock }: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<Transaction> => {
    const transaction = await transactions.get(id);
    if (transaction === null || clock.now() >= transaction.expiresAt) throw new PageRefusal('expired', 'transaction is unknown or expired');
    if (!sameText(transaction.browser, browser)) throw new PageRefusal('other-browser', 'transaction belongs to another browser');
    return transaction;
  };
