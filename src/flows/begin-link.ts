import { canLink } from '../domain/directory.ts';
import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import { advance, destinationOf, unlinked } from '../domain/transaction.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

/** Somebody who is signed in wants to join this account with another of theirs: the other sign-in comes next, and nothing happens before both are there. */
export const beginLink =
  (dependencies: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage, request } = transaction;
    if (dependencies.directory.linking !== true) throw new PageRefusal('not-found', 'linking is off');
    // A second press, or a page from before the answer: the dispatcher says what is true now.
    if (stage.at !== 'consenting') return;
    if (!canLink(dependencies.directory, destinationOf(request), stage.person.connectionId))
      throw new PageRefusal('not-found', 'there is no other connection to join with');
    await dependencies.transactions.advance(advance(transaction, { ...unlinked(stage, null), linking: { half: 'first' } }));
  };

/** The two stay apart; whoever signed in last goes on. */
export const leaveApart =
  (dependencies: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage } = transaction;
    if (stage.at !== 'consenting' || stage.linking === undefined) return;
    await dependencies.transactions.advance(advance(transaction, unlinked(stage, null)));
  };
