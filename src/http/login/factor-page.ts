import type { Context } from 'koa';
import { findConnection } from '../../domain/directory.ts';
import type { Step } from '../../domain/next-step.ts';
import { mostTries } from '../../domain/question.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { factorCode } from '../../pages/factor-code.ts';
import { factorEnrolment } from '../../pages/factor-enrolment.ts';
import { recoveryCodes } from '../../pages/recovery-codes.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { showPage } from '../page-refusals.ts';

type FactorStep = Extract<Step, { step: 'own-factor' | 'save-codes' }>;

interface Shown {
  readonly step: FactorStep;
  readonly csrf: string;
  readonly browser: string;
  /** Which field was just answered wrongly. */
  readonly wrong: 'code' | 'recovery' | null;
}

/** The page of our own second factor: its code, its enrolment, or the recovery codes that are still to be saved. */
export async function showFactor(
  ctx: Context,
  { organisation, directory, flows, oneTimeCodes }: HttpDependencies,
  { transaction }: Situation,
  { step, csrf, browser, wrong }: Shown,
): Promise<void> {
  const at = transactionPath(transaction.id);
  const { person } = step.stage;
  const account = person.email ?? person.name ?? person.userId;
  const base = { organisation, transaction: transaction.id, csrf };
  const status = wrong === null ? 200 : 422;
  const ways = { declineAction: `${at}/factor/decline`, accountAction: `${at}/account`, stopAction: `${at}/stop` };
  if (step.step === 'own-factor' && step.ask === 'code') {
    const triesLeft = mostTries - (transaction.tries ?? 0);
    const asked = { workspace: step.tenant.name, account, isOptional: step.isOptional, wrong, triesLeft };
    return showPage(ctx, status, factorCode({ ...base, ...ways, ...asked, action: `${at}/factor` }));
  }
  const enrolment = await flows.showEnrolment(transaction.id, browser);
  // Somebody else was quicker: the dispatcher says what is asked now.
  if (enrolment === null) return sendOn(ctx, at);
  if (step.step === 'save-codes')
    return showPage(ctx, 200, recoveryCodes({ ...base, codes: enrolment.codes, action: `${at}/factor/saved` }));
  const { secret } = enrolment;
  const view = {
    ...base,
    ...ways,
    workspace: step.tenant.name,
    connectionName: findConnection(directory, person.connectionId)?.name ?? 'Your company sign-in',
    secret,
    address: oneTimeCodes.address(secret, { issuer: organisation.name, account }),
    isOptional: step.isOptional,
    isWrong: wrong !== null,
    triesLeft: mostTries - (transaction.tries ?? 0),
    action: `${at}/factor/enrol`,
  };
  return showPage(ctx, status, factorEnrolment(view));
}
