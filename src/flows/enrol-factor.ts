import { TransactionId } from '../domain/ids.ts';
import { matchingStep, recoveryCodeBytes, recoveryCodeCount, recoveryCodeFrom } from '../domain/second-factor.ts';
import type { Enrolment } from '../domain/second-factor.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { SecondFactors } from '../ports/second-factors.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import { enrolmentOf, isEnrolling, makeFactor, sealedEnrolment } from './steps/make-factor.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';
import { aboutPerson, wrongAnswer } from './steps/wrong-answer.ts';

export interface EnrolDependencies extends ClaimDependencies, NextDependencies {
  readonly secondFactors: SecondFactors;
  readonly oneTimeCodes: OneTimeCodes;
  readonly sealing: Sealing;
  readonly entropy: Entropy;
  readonly audit: AuditLog;
}

/** What the page of somebody who enrols shows: the same secret however often it is looked at, and later the recovery codes. Null when nobody enrols here. */
export const showEnrolment =
  (dependencies: EnrolDependencies) =>
  async (id: TransactionId, browser: string): Promise<Enrolment | null> => {
    const { sealing, entropy, oneTimeCodes, transactions } = dependencies;
    for (let look = 0; look < 3; look += 1) {
      const transaction = await claimedTransaction(dependencies)(id, browser);
      const { step } = await whatIsNext(dependencies)(transaction);
      if (step.step === 'save-codes') return enrolmentOf(sealing, step.stage);
      if (!isEnrolling(step)) return null;
      const begun = enrolmentOf(sealing, step.stage);
      if (begun !== null) return begun;
      const codes = Array.from({ length: recoveryCodeCount }, () => recoveryCodeFrom(entropy.bytes(recoveryCodeBytes)));
      const made: Enrolment = { id: entropy.id(), secret: oneTimeCodes.secretFrom(entropy.bytes(20)), codes };
      const enrolment = { id: made.id, sealed: sealedEnrolment(sealing, made) };
      if (await transactions.advance(advance(transaction, { ...step.stage, tenantId: step.tenant.id, enrolment }))) return made;
    }
    return null;
  };

/** Confirms an enrolment with a code of the app: before it nothing counts. Whoever enrolled first keeps theirs. */
export const confirmEnrolment =
  (dependencies: EnrolDependencies) =>
  async (id: TransactionId, browser: string, typed: string): Promise<'enrolled' | 'wrong' | 'elsewhere'> => {
    const { oneTimeCodes, sealing, clock } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { step } = await whatIsNext(dependencies)(transaction);
    const enrolment = isEnrolling(step) && step.ways.includes('app') ? enrolmentOf(sealing, step.stage) : null;
    if (!isEnrolling(step) || enrolment === null) return 'elsewhere';
    const { secret } = enrolment;
    const lastStep = matchingStep(typed, (at) => oneTimeCodes.codeAt(secret, at), clock.now());
    if (lastStep === null) {
      await wrongAnswer(dependencies, transaction, aboutPerson(transaction, step.stage, step.tenant.id));
      return 'wrong';
    }
    return makeFactor(dependencies)(transaction, step, enrolment, { by: 'totp', secret, lastStep });
  };

function without(stage: StageAt<'consenting'>): StageAt<'consenting'> {
  const { enrolment: _enrolment, isSaving: _isSaving, ...rest } = stage;
  return rest;
}

async function consenting(dependencies: ClaimDependencies, id: TransactionId, browser: string) {
  const transaction: Transaction = await claimedTransaction(dependencies)(id, browser);
  return transaction.stage.at === 'consenting' ? { transaction, stage: transaction.stage } : null;
}

/** The person has the recovery codes: they are forgotten here. */
export const keepCodes =
  (dependencies: ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const found = await consenting(dependencies, id, browser);
    if (found?.stage.isSaving !== true) return;
    await dependencies.transactions.advance(advance(found.transaction, without(found.stage)));
  };

/** The person goes on without our second factor: with less where that is possible, and otherwise to another workspace. */
export const declineFactor =
  (dependencies: NextDependencies & ClaimDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const found = await consenting(dependencies, id, browser);
    if (found === null) return;
    const { step } = await whatIsNext(dependencies)(found.transaction);
    if (step.step !== 'own-factor') return;
    const to = step.isOptional ? { notice: null } : { notice: 'step-up-cancelled' as const, tenantId: null };
    await dependencies.transactions.advance(advance(found.transaction, { ...without(found.stage), ...to, isDeclined: true }));
  };
