import type { Directory } from '../../domain/directory.ts';
import { findConnection } from '../../domain/directory.ts';
import type { TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SecondFactors } from '../../ports/second-factors.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';
import type { Transactions } from '../../ports/transactions.ts';
import { sameText } from '../../domain/digest.ts';

export interface ClaimDependencies {
  readonly transactions: Transactions;
  readonly seenClients: SeenClients;
  readonly secondFactors: Pick<SecondFactors, 'get'>;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** What an administrator may have taken back since the transaction began is asked again at every step of it. */
async function checkStanding({ directory, seenClients, secondFactors }: ClaimDependencies, { request, stage }: Transaction): Promise<void> {
  const seen = await seenClients.get(request.client_id);
  if (seen?.status === 'withdrawn') throw new PageRefusal('app-withdrawn', 'client was withdrawn', { app: request.client_name });
  if ('person' in stage && findConnection(directory, stage.person.connectionId) === null) {
    throw new PageRefusal('expired', 'the connection the person came through is no longer configured');
  }
  const { userId, ownFactor } = 'person' in stage ? stage.person : {};
  if (userId !== undefined && ownFactor !== undefined && (await secondFactors.get(userId))?.enrolment !== ownFactor)
    throw new PageRefusal('expired', 'the second factor that was used has been reset');
}

/** The transaction if it is this browser's and still open; an expired, unknown or foreign one is a page. RFC 9700 §4.7. */
export const claimedTransaction =
  (dependencies: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<Transaction> => {
    const { transactions, clock } = dependencies;
    const transaction = await transactions.get(id);
    if (transaction === null || clock.now() >= transaction.expiresAt) throw new PageRefusal('expired', 'transaction is unknown or expired');
    if (!sameText(transaction.browser, browser)) throw new PageRefusal('other-browser', 'transaction belongs to another browser');
    await checkStanding(dependencies, transaction);
    return transaction;
  };
