import type { Context } from 'koa';
import { administrationSentences } from '../../domain/administration.ts';
import { findConnection } from '../../domain/directory.ts';
import type { Step } from '../../domain/next-step.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { invitation } from '../../pages/invitation.ts';
import type { HttpDependencies } from '../context.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { showPage } from '../page-refusals.ts';

/** Who is invited, as whom they are signed in, and to what. */
export function showInvitation(
  ctx: Context,
  { directory, organisation }: HttpDependencies,
  { transaction: { id } }: Situation,
  { step, csrf }: { step: Extract<Step, { step: 'invitation' }>; csrf: string },
): void {
  const { stage, tenant, role, by } = step;
  const { email, name, connectionId } = stage.person;
  const at = transactionPath(id);
  const next = {
    press: 'accept',
    action: `${at}/invitation`,
    transaction: id,
    csrf,
    account: email ?? name ?? 'You',
    connection: findConnection(directory, connectionId)?.name ?? 'Your company sign-in',
    stopAction: `${at}/stop`,
    accountAction: `${at}/account`,
  } as const;
  showPage(
    ctx,
    200,
    invitation({ organisation, workspace: tenant.name, role: role.name, allows: administrationSentences(role), by, next }),
  );
}
