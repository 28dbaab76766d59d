import type { AuditEvent, AuditSubject } from '../../domain/audit-event.ts';
import type { Step } from '../../domain/next-step.ts';
import { raise } from '../../domain/local-evidence.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { FactorVerdict, SecondFactor } from '../../domain/second-factor.ts';
import type { Transaction } from '../../domain/transaction.ts';
import { advance } from '../../domain/transaction.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import type { Pause } from '../../ports/pause.ts';
import type { SecondFactors } from '../../ports/second-factors.ts';
import type { Transactions } from '../../ports/transactions.ts';
import { aboutPerson, wrongAnswer } from './wrong-answer.ts';

export interface SettleAnswerDependencies {
  readonly transactions: Transactions;
  readonly secondFactors: SecondFactors;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly pause: Pause;
}

/** `elsewhere`: nothing was asked any more, and the dispatcher says what is. */
export type Answered = 'right' | 'wrong' | 'elsewhere';

const mostLooks = 20;
const lookAgainMs = 50;

/** Of presses at the same page one is judged; the others wait until that is over, for a second at most. */
export async function othersTurn(
  { transactions, pause }: Pick<SettleAnswerDependencies, 'transactions' | 'pause'>,
  { id, version }: Transaction,
): Promise<'elsewhere'> {
  for (let look = 0; look < mostLooks; look += 1) {
    const now = await transactions.get(id);
    // The one that is judged writes its turn, and then what came of it.
    if (now === null || now.version > version + 1) break;
    await pause(lookAgainMs);
  }
  return 'elsewhere';
}

const minutesUntil = (at: number, now: number): number => Math.ceil((at - now) / 60_000);

type Judge = (factor: SecondFactor) => FactorVerdict | Promise<FactorVerdict>;

/** Judges an answer and writes what it comes to; whoever was overtaken judges by what is there then. Null when the factor is gone. */
async function settle(
  { secondFactors, clock }: SettleAnswerDependencies,
  userId: SecondFactor['id'],
  judge: Judge,
): Promise<{ factor: SecondFactor; judged: FactorVerdict } | null> {
  for (let look = 0; look < mostLooks; look += 1) {
    const factor = await secondFactors.get(userId);
    if (factor === null) return null;
    const judged = await judge(factor);
    if (judged.verdict === 'locked') {
      const minutes = minutesUntil(factor.lockedUntil, clock.now());
      throw new PageRefusal('too-many-tries', 'the second factor is locked after wrong answers', { minutes });
    }
    if (await secondFactors.settle(factor, judged.change)) return { factor, judged };
  }
  throw new StoreUnavailable('a second factor kept changing while an answer was judged');
}

function recordOf(about: AuditSubject, { by, change }: Extract<FactorVerdict, { verdict: 'right' }>): AuditEvent {
  return by === 'recovery code'
    ? { ...about, event: 'factor.recovery-used', rule: `local recovery code; ${change.recovery.length} left` }
    : { ...about, event: 'factor.used', rule: `local ${by}` };
}

/** Has an answer judged whose turn this is, and does what follows from it; `transaction` is as the turn left it. */
export const settleAnswer =
  (dependencies: SettleAnswerDependencies) =>
  async (transaction: Transaction, { stage, tenant }: Extract<Step, { step: 'own-factor' }>, judge: Judge): Promise<Answered> => {
    const { transactions, audit, clock } = dependencies;
    const about = aboutPerson(transaction, stage, tenant.id);
    const settled = await settle(dependencies, stage.person.userId, judge);
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
    await wrongAnswer(dependencies, transaction, about, judged.verdict === 'wrong' ? judged.because : undefined);
    return 'wrong';
  };
