import type { TransactionId } from '../domain/ids.ts';
import { advance } from '../domain/transaction.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

/** Ends a request nobody here began; what was answered already stays answered. */
export const stopAuthorization =
  (dependencies: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<'stopped' | 'answered'> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { at } = transaction.stage;
    if (at === 'stopped') return 'stopped';
    if (at === 'approved' || at === 'denied' || at === 'joining') return 'answered';
    return (await dependencies.transactions.advance(advance(transaction, { at: 'stopped' }))) ? 'stopped' : 'answered';
  };
