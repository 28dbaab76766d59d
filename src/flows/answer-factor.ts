import type { AuditEvent, AuditSubject } from '../domain/audit-event.ts';
import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { FactorVerdict, SecondFactor } from '../domain/second-factor.ts';
import { judgeAnswer, raise } from '../domain/second-factor.ts';
import type { Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { Pause } from '../ports/pause.ts';
import type { SecondFactors } from '../ports/second-factors.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';
import { aboutPerson, wrongAnswer } from './steps/wrong-answer.ts';

export interface FactorDependencies extends ClaimDependencies, NextDependencies {
  readonly secondFactors: SecondFactors;
  readonly oneTimeCodes: OneTimeCodes;
  readonly audit: AuditLog;
  readonly pause: Pause;
}

/** `elsewhere`: nothing was asked any more, and the dispatcher says what is. */
export type Answered = 'right' | 'wrong' | 'elsewhere';

const mostLooks = 20;
const lookAgainMs = 50;

/** Of presses at the same page one is judged; the others wait until that is over, for a second at most. */
async function othersTurn({ transactions, pause }: FactorDependencies, { id, version }: Transaction): Promise<Answered> {
  for (let look = 0; look < mostLooks; look += 1) {
    const now = await transactions.get(id);
    // The one that is judged writes its turn, and then what came of it.
    if (now === null || now.version > version + 1) break;
    await pause(lookAgainMs);
  }
  return 'elsewhere';
}

const minutesUntil = (at: number, now: number): number => Math.ceil((at - now) / 60_000);

/** Judges an answer and writes what it comes to; whoever was overtaken judges by what is there then. Null when the factor is gone. */
async function settle(
  { secondFactors, oneTimeCodes, clock }: FactorDependencies,
  userId: SecondFactor['id'],
  typed: string,
): Promise<{ factor: SecondFactor; judged: FactorVerdict } | null> {
  for (let look = 0; look < mostLooks; look += 1) {
    const factor = await secondFactors.get(userId);
    if (factor === null) return null;
    const secret = secondFactors.secretOf(factor);
    if (secret === null) throw new PageRefusal('fault', 'the second factor was sealed under another key');
    const judged = judgeAnswer(factor, typed, (step) => oneTimeCodes.codeAt(secret, step), clock.now());
    if (judged.verdict === 'locked') {
      const minutes = minutesUntil(factor.lockedUntil, clock.now());
      throw new PageRefusal('too-many-tries', 'the second factor is locked after wrong answers', { minutes });
    }
    if (await secondFactors.settle(factor, judged.change)) return { factor, judged };
  }
  throw new StoreUnavailable('a second factor kept changing while an answer was judged');
}

function recordOf(about: AuditSubject, judged: Extract<FactorVerdict, { verdict: 'right' }>): AuditEvent {
  return judged.by === 'totp'
    ? { ...about, event: 'factor.used', rule: 'local totp' }
    : { ...about, event: 'factor.recovery-used', rule: `local recovery code; ${judged.change.recovery.length} left` };
}

/** What a person typed where our own second factor is asked for: a code of the app or a recovery code, each good once. */
export const answerFactor =
  (dependencies: FactorDependencies) =>
  async (id: TransactionId, browser: string, typed: string): Promise<Answered> => {
    const { transactions, audit, clock } = dependencies;
    const found = await claimedTransaction(dependencies)(id, browser);
    const { step } = await whatIsNext(dependencies)(found);
    if (step.step !== 'own-factor' || step.ask !== 'code') return 'elsewhere';
    const { stage, tenant } = step;
    const transaction = advance(found, stage);
    if (!(await transactions.advance(transaction))) return othersTurn(dependencies, found);
    const about = aboutPerson(transaction, stage, tenant.id);
    const settled = await settle(dependencies, stage.person.userId, typed);
    if (settled === null) return 'elsewhere';
    const { factor, judged } = settled;
    if (judged.verdict === 'right') {
      await audit.append(recordOf(about, judged));
      const assurance = raise(stage.person.assurance, judged.by, clock.now());
      const person = { ...stage.person, assurance, ownFactor: factor.enrolment };
      await transactions.advance(advance(transaction, { ...stage, person, tenantId: tenant.id, notice: null }));
      return 'right';
    }
    if (judged.verdict === 'wrong' && judged.change.lockedUntil > clock.now()) {
      const { failures, lockedUntil } = judged.change;
      const minutes = minutesUntil(lockedUntil, clock.now());
      await audit.append({ ...about, event: 'factor.locked', rule: `${failures} wrong answers in a row: ${minutes} min` });
    }
    await wrongAnswer(dependencies, transaction, about);
    return 'wrong';
  };
