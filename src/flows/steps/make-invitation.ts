import type { UserId } from '../../domain/ids.ts';
import type { Invitation } from '../../domain/invitation.ts';
import type { Role } from '../../domain/resource.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Invitations } from '../../ports/invitations.ts';
import type { Sealing } from '../../ports/sealing.ts';
import { ticketOf } from './invitation-ticket.ts';

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

export function newInvitation(
  { entropy, clock }: InviteDependencies,
  id: string,
  { tenant, role, source, by, expiresAt }: Wanted,
): Invitation {
  const about = { tenantId: tenant.id, role: role.id, source, by, createdAt: clock.now(), expiresAt };
  return { id, version: 1, key: entropy.id(), stage: { at: 'open' }, ...about };
}

/** The record first: a link that works is on record, whatever failed in between. */
export async function recordInvitation({ audit }: InviteDependencies, { id, tenantId, role, by, source }: Invitation): Promise<void> {
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
export const makeInvitation =
  (dependencies: InviteDependencies) =>
  async (wanted: Wanted): Promise<Invite> => {
    const { invitations, sealing, entropy } = dependencies;
    const invitation = newInvitation(dependencies, entropy.id(), wanted);
    await recordInvitation(dependencies, invitation);
    await invitations.add(invitation);
    const { tenant, role } = wanted;
    return { invitation, tenant, role, ticket: ticketOf(sealing, invitation) };
  };
