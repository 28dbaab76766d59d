import type { Directory } from '../domain/directory.ts';
import { findResource } from '../domain/directory.ts';
import type { TransactionId } from '../domain/ids.ts';
import type { Belonging, Step } from '../domain/next-step.ts';
import { nextStep } from '../domain/next-step.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Resource } from '../domain/resource.ts';
import type { Transaction } from '../domain/transaction.ts';
import type { BelongingDependencies } from './steps/belongings.ts';
import { belongingsOf } from './steps/belongings.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

export interface ContinueDependencies extends ClaimDependencies, BelongingDependencies {
  readonly directory: Directory;
}

/** Where a transaction stands and everything a page needs to say so. */
export interface Situation {
  readonly transaction: Transaction;
  readonly resource: Resource;
  readonly belongings: readonly Belonging[];
  readonly step: Step;
}

/** Gathers the facts and asks the one rule what comes next. */
export const continueAuthorization =
  (dependencies: ContinueDependencies) =>
  async (id: TransactionId, browser: string): Promise<Situation> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const resource = findResource(dependencies.directory, transaction.request.resourceId);
    if (resource === null) throw new PageRefusal('expired', 'the resource is no longer configured');
    const { stage } = transaction;
    const belongings = stage.at === 'consenting' ? await belongingsOf(dependencies)(stage.person.userId) : [];
    const step = nextStep(transaction, { belongings, resource, now: dependencies.clock.now() });
    return { transaction, resource, belongings, step };
  };
