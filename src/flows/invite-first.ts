import type { Invitation } from '../domain/invitation.ts';
import { firstRole, firstTenant, startInvitationId, startLifetime } from '../domain/invitation.ts';
import { ticketOf } from './steps/invitation-ticket.ts';
import { isUnadministered } from './steps/invited.ts';
import type { InvitedDependencies } from './steps/invited.ts';
import type { Invite, InviteDependencies } from './steps/make-invitation.ts';
import { newInvitation, recordInvitation } from './steps/make-invitation.ts';

/** The link for the first administrator, where there is an administration and nobody could use it; null everywhere else. The same at every start, until it is used or grows old. */
export const inviteFirst = (dependencies: InviteDependencies & InvitedDependencies) => async (): Promise<Invite | null> => {
  const { directory, invitations, sealing, clock } = dependencies;
  const tenant = firstTenant(directory);
  const role = tenant === null ? null : firstRole(directory, tenant);
  if (tenant === null || role === null || !(await isUnadministered(dependencies)(tenant, null))) return null;
  const id = startInvitationId(tenant.id);
  const before = await invitations.get(id);
  const told = (invitation: Invitation): Invite => ({ invitation, tenant, role, ticket: ticketOf(sealing, invitation) });
  const isGood = (known: Invitation) =>
    known.stage.at === 'open' && known.role === role.id && known.expiresAt - clock.now() > startLifetime / 2;
  if (before !== null && isGood(before)) return told(before);
  const next = newInvitation(dependencies, id, { tenant, role, source: 'start', by: null, expiresAt: clock.now() + startLifetime });
  await recordInvitation(dependencies, next);
  const renewed = before === null ? next : { ...next, version: before.version + 1 };
  const isOurs = await (before === null ? invitations.add(renewed) : invitations.advance(renewed));
  // Another process was quicker: its link is the one.
  const now = isOurs ? renewed : await invitations.get(id);
  return now === null || !isGood(now) ? null : told(now);
};
