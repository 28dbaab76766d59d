import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { SecondFactor } from '../domain/second-factor.ts';
import { judgeAnswer } from '../domain/second-factor.ts';
import { advance } from '../domain/transaction.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { Answered, SettleAnswerDependencies } from './steps/settle-answer.ts';
import { othersTurn, settleAnswer } from './steps/settle-answer.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';

export interface FactorDependencies extends ClaimDependencies, NextDependencies, SettleAnswerDependencies {
  readonly secondFactors: SettleAnswerDependencies['secondFactors'];
  readonly oneTimeCodes: OneTimeCodes;
}

/** What the app shows at each step; null for a person without one. */
function codesOf({ secondFactors, oneTimeCodes }: FactorDependencies, factor: SecondFactor): ((step: number) => string) | null {
  if (factor.sealed === undefined) return null;
  const secret = secondFactors.secretOf(factor);
  if (secret === null) throw new PageRefusal('fault', 'the second factor was sealed under another key');
  return (step) => oneTimeCodes.codeAt(secret, step);
}

/** What a person typed where our own second factor is asked for: a code of the app or a recovery code, each good once. */
export const answerFactor =
  (dependencies: FactorDependencies) =>
  async (id: TransactionId, browser: string, typed: string): Promise<Answered> => {
    const { transactions, clock } = dependencies;
    const found = await claimedTransaction(dependencies)(id, browser);
    const { step } = await whatIsNext(dependencies)(found);
    if (step.step !== 'own-factor' || step.ask !== 'code' || step.resists) return 'elsewhere';
    const transaction = advance(found, step.stage);
    if (!(await transactions.advance(transaction))) return othersTurn(dependencies, found);
    return settleAnswer(dependencies)(transaction, step, (factor) =>
      judgeAnswer(factor, typed, codesOf(dependencies, factor), clock.now()),
    );
  };
