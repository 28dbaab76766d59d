import type { Context } from 'koa';
import { findConnection } from '../../domain/directory.ts';
import type { Step } from '../../domain/next-step.ts';
import type { Enrolment } from '../../domain/second-factor.ts';
import { mostTries } from '../../domain/question.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { factorCode } from '../../pages/factor-code.ts';
import { factorEnrolment } from '../../pages/factor-enrolment.ts';
import { factorPasskey } from '../../pages/factor-passkey.ts';
import type { FactorPasskeyView } from '../../pages/factor-passkey.ts';
import type { Html } from '../../pages/html.ts';
import type { PasskeyView } from '../../pages/passkey-block.ts';
import { recoveryCodes } from '../../pages/recovery-codes.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import { scriptedPagePolicy } from '../headers.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { showPage } from '../page-refusals.ts';

type OwnFactor = Extract<Step, { step: 'own-factor' }>;

/** Which field was just answered wrongly. */
export type WrongField = 'code' | 'recovery' | 'passkey' | null;

interface Shown {
  readonly step: OwnFactor | Extract<Step, { step: 'save-codes' }>;
  readonly csrf: string;
  readonly browser: string;
  readonly wrong: WrongField;
}

type Both<Field> = Exclude<WrongField, Field>;
const unless = <Field extends WrongField>(field: Field, wrong: WrongField) => (wrong === field ? null : wrong) as Both<Field> | null;

/** The page for what is asked; what it may need is there already. */
function pageOf(
  { organisation, directory, oneTimeCodes }: HttpDependencies,
  { transaction }: Situation,
  { step, csrf, wrong }: Shown & { readonly step: OwnFactor },
  { enrolment, passkey }: { readonly enrolment: Enrolment | null; readonly passkey: PasskeyView | null },
): Html {
  const at = transactionPath(transaction.id);
  const { person } = step.stage;
  const account = person.email ?? person.name ?? person.userId;
  const base = {
    organisation,
    transaction: transaction.id,
    csrf,
    workspace: step.tenant.name,
    connectionName: findConnection(directory, person.connectionId)?.name ?? 'Your company sign-in',
    isOptional: step.isOptional,
    triesLeft: mostTries - (transaction.tries ?? 0),
    action: `${at}/factor`,
    declineAction: `${at}/factor/decline`,
    accountAction: `${at}/account`,
    stopAction: `${at}/stop`,
  };
  if (step.ways.includes('app') && enrolment !== null) {
    const { secret } = enrolment;
    const address = oneTimeCodes.address(secret, { issuer: organisation.name, account });
    return factorEnrolment({ ...base, secret, address, passkey, wrong: unless('recovery', wrong), action: `${at}/factor/enrol` });
  }
  if (step.ways.includes('app') || passkey === null) return factorCode({ ...base, account, passkey, wrong });
  const occasions = { code: step.resists ? 'only' : 'use', enrolment: 'set-up', 'passkey-too': 'add' } as const;
  const occasion: FactorPasskeyView['occasion'] = occasions[step.ask];
  return factorPasskey({ ...base, occasion, passkey, wrong: unless('code', wrong) });
}

/** The page of our own second factor: its answer, its enrolment, or the recovery codes that are still to be saved. */
export async function showFactor(ctx: Context, dependencies: HttpDependencies, situation: Situation, shown: Shown): Promise<void> {
  const { organisation, flows } = dependencies;
  const { step, csrf, browser, wrong } = shown;
  const { id } = situation.transaction;
  const at = transactionPath(id);
  const isMaking = step.step === 'save-codes' || step.ask === 'enrolment';
  const enrolment = isMaking ? await flows.showEnrolment(id, browser) : null;
  // Somebody else was quicker: the dispatcher says what is asked now.
  if (isMaking && enrolment === null) return sendOn(ctx, at);
  if (step.step === 'save-codes') {
    const action = `${at}/factor/saved`;
    return showPage(ctx, 200, recoveryCodes({ organisation, transaction: id, csrf, codes: enrolment?.codes ?? [], action }));
  }
  const asked = step.ways.includes('passkey') ? await flows.showPasskey(id, browser) : null;
  if (asked === null && step.ways.includes('passkey')) return sendOn(ctx, at);
  const passkey = asked === null ? null : { does: asked.does, options: JSON.stringify(asked.options), action: `${at}/passkey` };
  showPage(ctx, wrong === null ? 200 : 422, pageOf(dependencies, situation, { ...shown, step }, { enrolment, passkey }));
  if (passkey !== null) ctx.set('Content-Security-Policy', scriptedPagePolicy);
}
