import type { TransactionId } from '../domain/ids.ts';
import { raise } from '../domain/local-evidence.ts';
import type { NewPasskey, PasskeyAnswer, PasskeyFault } from '../domain/passkey.ts';
import { isRegistration, withPasskey } from '../domain/passkey.ts';
import { judgePasskey } from '../domain/second-factor.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { PasskeyOptions, Passkeys } from '../ports/passkeys.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { OwnFactorStep } from './steps/make-factor.ts';
import { enrolmentOf, makeFactor } from './steps/make-factor.ts';
import type { Answered, SettleAnswerDependencies } from './steps/settle-answer.ts';
import { othersTurn, settleAnswer } from './steps/settle-answer.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';
import { aboutPerson, wrongAnswer } from './steps/wrong-answer.ts';

export interface PasskeyDependencies extends ClaimDependencies, NextDependencies, SettleAnswerDependencies {
  readonly secondFactors: SettleAnswerDependencies['secondFactors'];
  readonly passkeys: Passkeys;
  readonly sealing: Sealing;
  readonly entropy: Entropy;
}

const sealedFor = 'passkey_challenge';

/** Null when none is asked for, or it was sealed under another key. */
const challengeOf = (sealing: Sealing, { challenge }: StageAt<'consenting'>): string | null =>
  challenge === undefined ? null : sealing.open(sealedFor, challenge);

/** What a page asks the browser for. */
export interface PasskeyAsked {
  readonly does: 'create' | 'get';
  readonly options: PasskeyOptions;
}

async function optionsFor({ passkeys, secondFactors }: PasskeyDependencies, step: OwnFactorStep, challenge: string): Promise<PasskeyAsked> {
  const { userId, email, name } = step.stage.person;
  const has = (await secondFactors.get(userId))?.passkeys ?? [];
  if (step.ask === 'code') return { does: 'get', options: passkeys.requestOptions(challenge, has) };
  const account = email ?? name ?? userId;
  const owner = { id: userId, name: account, displayName: name ?? account };
  return { does: 'create', options: passkeys.creationOptions(challenge, owner, has) };
}

/** What a page with a passkey on it shows: the same challenge however often it is looked at, until an answer is judged. Null when none is asked for. */
export const showPasskey =
  (dependencies: PasskeyDependencies) =>
  async (id: TransactionId, browser: string): Promise<PasskeyAsked | null> => {
    const { sealing, entropy, transactions } = dependencies;
    for (let look = 0; look < 3; look += 1) {
      const transaction = await claimedTransaction(dependencies)(id, browser);
      const { step } = await whatIsNext(dependencies)(transaction);
      if (step.step !== 'own-factor' || !step.ways.includes('passkey')) return null;
      const shown = challengeOf(sealing, step.stage);
      if (shown !== null) return optionsFor(dependencies, step, shown);
      const challenge = entropy.secret();
      const stage = { ...step.stage, tenantId: step.tenant.id, challenge: sealing.seal(sealedFor, challenge) };
      if (await transactions.advance(advance(transaction, stage))) return optionsFor(dependencies, step, challenge);
    }
    return null;
  };

function spent(stage: StageAt<'consenting'>): StageAt<'consenting'> {
  const { challenge: _challenge, ...rest } = stage;
  return rest;
}

/** A passkey beside what is there, which this transaction has just proven. */
async function addPasskey(
  { secondFactors, transactions, audit, clock }: PasskeyDependencies,
  transaction: Transaction,
  { stage, tenant }: OwnFactorStep,
  made: NewPasskey,
): Promise<Answered> {
  const { person } = stage;
  for (let look = 0; look < 3; look += 1) {
    const factor = await secondFactors.get(person.userId);
    const passkeys = factor === null || factor.enrolment !== person.ownFactor ? null : withPasskey(factor.passkeys, made, clock.now());
    if (factor === null || passkeys === null) return 'elsewhere';
    const { version, lastStep, recovery, failures, lockedUntil } = factor;
    if (!(await secondFactors.settle(factor, { version: version + 1, lastStep, recovery, failures, lockedUntil, passkeys }))) continue;
    const about = aboutPerson(transaction, stage, tenant.id);
    await audit.append({ ...about, event: 'factor.enrolled', rule: 'local passkey; added' });
    const raised = { ...person, assurance: raise(person.assurance, 'passkey', clock.now()) };
    await transactions.advance(advance(transaction, { ...stage, person: raised, tenantId: tenant.id, notice: null }));
    return 'right';
  }
  return 'elsewhere';
}

/** A passkey was made: for an enrolment, or beside what is there. */
async function register(
  dependencies: PasskeyDependencies,
  transaction: Transaction,
  step: OwnFactorStep,
  made: NewPasskey | PasskeyFault,
): Promise<Answered> {
  if (typeof made === 'string') {
    await wrongAnswer(dependencies, transaction, aboutPerson(transaction, step.stage, step.tenant.id), made);
    return 'wrong';
  }
  if (step.ask === 'passkey-too') return addPasskey(dependencies, transaction, step, made);
  const enrolment = enrolmentOf(dependencies.sealing, step.stage);
  if (enrolment === null) return 'elsewhere';
  const enrolled = await makeFactor(dependencies)(transaction, step, enrolment, { by: 'passkey', passkey: made });
  return enrolled === 'enrolled' ? 'right' : 'elsewhere';
}

/** What a browser sent where a passkey is asked for. Its challenge is spent by the one press that is judged. */
export const answerPasskey =
  (dependencies: PasskeyDependencies) =>
  async (id: TransactionId, browser: string, answer: PasskeyAnswer): Promise<Answered> => {
    const { transactions, passkeys, sealing, clock } = dependencies;
    const found = await claimedTransaction(dependencies)(id, browser);
    const { step: shown } = await whatIsNext(dependencies)(found);
    if (shown.step !== 'own-factor' || !shown.ways.includes('passkey')) return 'elsewhere';
    const challenge = challengeOf(sealing, shown.stage);
    // Or it answers what was asked before a reset.
    if (challenge === null || isRegistration(answer) === (shown.ask === 'code')) return 'elsewhere';
    const step = { ...shown, stage: spent(shown.stage) };
    const transaction = advance(found, step.stage);
    if (!(await transactions.advance(transaction))) return othersTurn(dependencies, found);
    if (isRegistration(answer)) return register(dependencies, transaction, step, await passkeys.verifyRegistration(answer, challenge));
    return settleAnswer(dependencies)(transaction, step, async (factor) =>
      judgePasskey(factor, await passkeys.verifyAssertion(answer, challenge, factor.id, factor.passkeys), clock.now()),
    );
  };
