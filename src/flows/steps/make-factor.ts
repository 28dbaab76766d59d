import { raise } from '../../domain/local-evidence.ts';
import type { Step } from '../../domain/next-step.ts';
import type { NewPasskey } from '../../domain/passkey.ts';
import { withPasskey } from '../../domain/passkey.ts';
import { Enrolment, recoveryDigest, settled } from '../../domain/second-factor.ts';
import type { SecondFactor } from '../../domain/second-factor.ts';
import type { StageAt, Transaction } from '../../domain/transaction.ts';
import { advance } from '../../domain/transaction.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { SecondFactors } from '../../ports/second-factors.ts';
import type { Transactions } from '../../ports/transactions.ts';
import { aboutPerson } from './wrong-answer.ts';

export type OwnFactorStep = Extract<Step, { step: 'own-factor' }>;

const sealedFor = 'enrolment';

export const sealedEnrolment = (sealing: Sealing, made: Enrolment): string => sealing.seal(sealedFor, JSON.stringify(made));

/** Null when there is none, or it was sealed under another key. */
export function enrolmentOf(sealing: Sealing, { enrolment }: StageAt<'consenting'>): Enrolment | null {
  const plain = enrolment === undefined ? null : sealing.open(sealedFor, enrolment.sealed);
  return plain === null ? null : Enrolment.parse(JSON.parse(plain));
}

export const isEnrolling = (step: Step): step is OwnFactorStep => step.step === 'own-factor' && step.ask === 'enrolment';

/** What confirmed an enrolment. */
export type Confirmed =
  | { readonly by: 'totp'; readonly secret: string; readonly lastStep: number }
  | { readonly by: 'passkey'; readonly passkey: NewPasskey };

export interface MakeDependencies {
  readonly transactions: Transactions;
  readonly secondFactors: SecondFactors;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

function rowOf({ id: enrolment, codes }: Enrolment, id: SecondFactor['id'], confirmed: Confirmed, now: number) {
  const base = { id, enrolment, version: 1, recovery: codes.map(recoveryDigest), failures: 0, lockedUntil: 0, enrolledAt: now };
  return confirmed.by === 'totp'
    ? { ...base, lastStep: confirmed.lastStep }
    : { ...base, lastStep: 0, passkeys: withPasskey([], confirmed.passkey, now) ?? [] };
}

/** Whether the row that is there was added by this transaction before, and cut off before it could say so; then it holds this way too. */
async function isOurs({ secondFactors, clock }: MakeDependencies, userId: SecondFactor['id'], { id }: Enrolment, confirmed: Confirmed) {
  for (let look = 0; look < 3; look += 1) {
    const row = await secondFactors.get(userId);
    if (row?.enrolment !== id) return false;
    if (confirmed.by === 'totp') {
      const { secret, lastStep } = confirmed;
      if (row.sealed !== undefined || (await secondFactors.settle(row, { ...settled(row), lastStep }, secret))) return true;
    } else {
      const { passkey } = confirmed;
      const passkeys = withPasskey(row.passkeys, passkey, clock.now());
      if (passkeys === null) return false;
      if (row.passkeys.some((each) => each.id === passkey.id) || (await secondFactors.settle(row, { ...settled(row), passkeys })))
        return true;
    }
  }
  return false;
}

const rules = { totp: 'confirmed by a code after a fresh sign-in', passkey: 'local passkey' };

/** Makes the factor that was confirmed, once; the recovery codes are then to be saved. Whoever enrolled first keeps theirs. */
export const makeFactor =
  (dependencies: MakeDependencies) =>
  async (transaction: Transaction, step: OwnFactorStep, enrolment: Enrolment, confirmed: Confirmed): Promise<'enrolled' | 'elsewhere'> => {
    const { secondFactors, transactions, audit, clock } = dependencies;
    const { stage, tenant } = step;
    const { person } = stage;
    const now = clock.now();
    const added = await secondFactors.add(
      rowOf(enrolment, person.userId, confirmed, now),
      confirmed.by === 'totp' ? confirmed.secret : null,
    );
    if (added === 'exists' && !(await isOurs(dependencies, person.userId, enrolment, confirmed))) return 'elsewhere';
    const about = aboutPerson(transaction, stage, tenant.id);
    await audit.append({ ...about, event: 'factor.enrolled', rule: rules[confirmed.by] }, 'again');
    const raised = { ...person, assurance: raise(person.assurance, confirmed.by, now), ownFactor: enrolment.id };
    await transactions.advance(advance(transaction, { ...stage, person: raised, tenantId: tenant.id, notice: null, isSaving: true }));
    return 'enrolled';
  };
