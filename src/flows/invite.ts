import type { UserId } from '../domain/ids.ts';
import type { Invitation } from '../domain/invitation.ts';
import { firstRole, firstTenant, startInvitationId, startLifetime } from '../domain/invitation.ts';
import type { Role } from '../domain/resource.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Invitations } from '../ports/invitations.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Clock } from '../ports/clock.ts';
import { ticketOf } from './steps/invitation-ticket.ts';
import { isUnadministered } from './steps/invited.ts';
import type { InvitedDependencies } from './steps/invited.ts';

export interface InviteDependencies {
  readonly invitations: Invitations;
  readonly audit: AuditLog;
  readonly sealing: Sealing;
  readonly entropy: Entropy;
  readonly clock: Clock;
}

/** An invitation with what its link carries: this once, for whoever is told of it. */
export interface Invite {
  readonly invitation: Invitation;
  readonly tenant: Tenant;
  readonly role: Role;
  readonly ticket: string;
}

interface Wanted {
  readonly tenant: Tenant;
  readonly role: Role;
  readonly source: Invitation['source'];
  readonly by: UserId | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

function made({ entropy, clock }: InviteDependencies, id: string, { tenant, role, source, by, expiresAt }: Wanted): Invitation {
  const about = { tenantId: tenant.id, role: role.id, source, by, createdAt: clock.now(), expiresAt };
  return { id, version: 1, key: entropy.id(), stage: { at: 'open' }, ...about };
}

/** The record first: a link that works is on record, whatever failed in between. */
async function record({ audit }: InviteDependencies, { id, tenantId, role, by, source }: Invitation): Promise<void> {
  const admin = by === null ? {} : { adminId: by };
  await audit.append({
    tenantId,
    ...admin,
    event: 'invitation.made',
    role,
    rule: `invitation ${id} by ${by ?? (source === 'start' ? 'the first start' : 'an operator')}`,
  });
}

/** Makes a link by which one person, whoever follows it first and says yes, gets a role in a tenant. */
export const invite =
  (dependencies: InviteDependencies) =>
  async (wanted: Wanted): Promise<Invite> => {
    const { invitations, sealing, entropy } = dependencies;
    const invitation = made(dependencies, entropy.id(), wanted);
    await record(dependencies, invitation);
    await invitations.add(invitation);
    const { tenant, role } = wanted;
    return { invitation, tenant, role, ticket: ticketOf(sealing, invitation) };
  };

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
  const next = made(dependencies, id, { tenant, role, source: 'start', by: null, expiresAt: clock.now() + startLifetime });
  await record(dependencies, next);
  const renewed = before === null ? next : { ...next, version: before.version + 1 };
  const isOurs = await (before === null ? invitations.add(renewed) : invitations.advance(renewed));
  // Another process was quicker: its link is the one.
  const now = isOurs ? renewed : await invitations.get(id);
  return now === null || !isGood(now) ? null : told(now);
};
