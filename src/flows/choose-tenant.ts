import { noDemand } from '../domain/assurance-demand.ts';
import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import { advance } from '../domain/transaction.ts';
import type { BelongingDependencies } from './steps/belongings.ts';
import { belongingsOf } from './steps/belongings.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

/** Picks one of the tenants the person belongs to now; the choice is only a choice among those, and among one where the address is a tenant's, whatever the form says. */
export const chooseTenant =
  (dependencies: ClaimDependencies & BelongingDependencies) =>
  async (id: TransactionId, browser: string, asked: string): Promise<void> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage } = transaction;
    // A second press, or a page from before the answer: the dispatcher says what is true now.
    if (stage.at !== 'consenting') return;
    const belongings = await belongingsOf(dependencies)(stage.person, transaction.request);
    const chosen = belongings.find((belonging) => belonging.tenant.id === asked);
    if (chosen === undefined) throw new PageRefusal('no-access', 'the person does not belong to the tenant asked for');
    const { afresh: _afresh, ...known } = stage.person;
    const person = { ...known, asked: noDemand };
    await dependencies.transactions.advance(advance(transaction, { at: 'consenting', person, tenantId: chosen.tenant.id, notice: null }));
  };
