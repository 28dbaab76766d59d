import type { TransactionId } from '../domain/ids.ts';
import type { Invitation } from '../domain/invitation.ts';
import { advanceInvitation, invitedRole } from '../domain/invitation.ts';
import type { Person } from '../domain/person.ts';
import type { FrozenRequest } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Memberships } from '../ports/memberships.ts';
import type { UpstreamSessions } from '../ports/upstream-sessions.ts';
import { checkSession } from './steps/check-session.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import { openInvitation } from './steps/invited.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';

export interface AcceptDependencies extends ClaimDependencies, NextDependencies {
  readonly memberships: Memberships;
  readonly upstreamSessions: Pick<UpstreamSessions, 'get'>;
  readonly audit: AuditLog;
}

const attempts = 5;

/** Gives what was invited to, beside what somebody was given by hand before. Done again it changes nothing. */
async function give({ memberships }: AcceptDependencies, invitation: Invitation, { userId, connectionId }: Person): Promise<void> {
  const held = invitedRole(invitation, connectionId);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const before = await memberships.get(invitation.tenantId, userId);
    const roles = before?.roles ?? [];
    const isThere = roles.some((each) => each.role === held.role && each.connectionId === connectionId && each.source === 'assigned');
    if (isThere || (await memberships.assign(invitation.tenantId, userId, before?.version ?? 0, [...roles, held]))) return;
  }
  throw new StoreUnavailable('what is assigned to somebody kept changing while an invitation was taken');
}

/** Of any number of presses, in whatever browsers, one user takes it; who took it already may finish what was interrupted. */
async function take(
  { invitations }: AcceptDependencies,
  invitation: Invitation,
  { userId, connectionId }: Person,
): Promise<Invitation | null> {
  if (invitation.stage.at === 'taken') return invitation;
  const taken = advanceInvitation(invitation, { at: 'taken', userId, connectionId });
  return (await invitations.advance(taken)) ? taken : null;
}

const says = ({ id, source, by }: Invitation, connectionId: string): string =>
  `invitation ${id} ${source === 'administrator' ? `of ${by ?? ''}` : source === 'start' ? 'of the first start' : 'of an operator'}, through ${connectionId}`;

function aboutOf({ tenantId, role, by }: Invitation, { client_id, client_name }: FrozenRequest, { userId, connectionId }: Person) {
  const admin = by === null ? {} : { adminId: by };
  return { userId, tenantId, connectionId, clientId: client_id, clientName: client_name, role, ...admin };
}

/** Somebody who signed in, saw what they are invited to and as whom, and says yes. The dispatcher says what comes next. */
export const acceptInvitation =
  (dependencies: AcceptDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const { invitations, audit, transactions } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { request } = transaction;
    const { step } = await whatIsNext(dependencies)(transaction);
    // A second press, or a page from before: the dispatcher says what is true now.
    if (step.step !== 'invitation' || request.invitation === undefined) return;
    const { person } = step.stage;
    await checkSession(dependencies)(person);
    const open = await openInvitation(dependencies)(request.invitation, person.userId);
    const taken = open === null ? null : await take(dependencies, open.invitation, person);
    if (taken === null) return;
    // The record first: what somebody may do is on record, whatever failed in between.
    await audit.append({ ...aboutOf(taken, request, person), event: 'role.assigned', rule: says(taken, person.connectionId) }, 'again');
    await give(dependencies, taken, person);
    const { userId, connectionId } = person;
    await invitations.advance(advanceInvitation(taken, { at: 'held', userId, connectionId }));
    await transactions.advance(advance(transaction, { ...step.stage, tenantId: step.tenant.id, notice: null }));
  };
