import type { Directory } from '../../domain/directory.ts';
import { findResource } from '../../domain/directory.ts';
import { invitedRole } from '../../domain/invitation.ts';
import type { Belonging } from '../../domain/next-step.ts';
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { Person } from '../../domain/person.ts';
import { heldRoles, permissionsOf, rolesOf } from '../../domain/held-roles.ts';
import type { HeldRole } from '../../domain/role-mapping.ts';
import { permittedScope } from '../../domain/scope.ts';
import { membershipId } from '../../domain/tenant.ts';
import type { Membership } from '../../domain/tenant.ts';
import { destinationOf } from '../../domain/transaction.ts';
import type { FrozenRequest } from '../../domain/transaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { PolicyInForce } from '../../ports/policy-in-force.ts';
import type { Users } from '../../ports/users.ts';
import type { IdentityDependencies } from './identity-of.ts';
import { identityOf } from './identity-of.ts';
import type { InvitedDependencies } from './invited.ts';
import { openInvitation } from './invited.ts';

export interface BelongingDependencies extends IdentityDependencies, InvitedDependencies {
  readonly directory: Directory;
  readonly memberships: Memberships;
  readonly users: Users;
  readonly clock: Clock;
  readonly policy: PolicyInForce;
}

/** The membership with what an invitation would add. */
const withRole = (membership: Membership | null, tenantId: TenantId, userId: UserId, role: HeldRole): Membership => ({
  id: membershipId(tenantId, userId),
  tenantId,
  userId,
  version: membership?.version ?? 0,
  roles: [...(membership?.roles ?? []), role],
});

/**
 * The tenants somebody belongs to now, by the connection they came through, and may enter by this request, in the organisation's order; none
 * for a disabled user, and none by a sign-in that is another user's by now. One they are invited to is among them, as it would be.
 */
export const belongingsOf =
  (dependencies: BelongingDependencies) =>
  async (
    person: Pick<Person, 'userId' | 'connectionId' | 'identityId'>,
    request: Pick<FrozenRequest, 'tenantId' | 'resourceId' | 'invitation'>,
  ): Promise<Belonging[]> => {
    const { directory, policy, memberships, users, provisionedUsers, clock } = dependencies;
    const { userId, connectionId } = person;
    const [user, held, identity, invited] = await Promise.all([
      users.get(userId),
      memberships.ofUser(userId),
      identityOf({ directory, users, provisionedUsers })(person),
      request.invitation === undefined ? null : openInvitation(dependencies)(request.invitation, userId),
      policy.fresh(),
    ]);
    if (user?.status !== 'active' || identity === null) return [];
    const only = destinationOf(request);
    const resource = findResource(directory, request);
    // Nobody enters a tenant to look after it who may not.
    const isUseful = (permissions: readonly string[]) =>
      resource?.isOwn !== true ||
      permittedScope(
        resource,
        resource.scopes.map(({ name }) => name),
        permissions,
      ).length > 0;
    return directory.tenants.flatMap((tenant) => {
      if ((only !== null && tenant.id !== only) || tenant.isSuspended === true) return [];
      const assigned = held.find((candidate) => candidate.tenantId === tenant.id) ?? null;
      const invitation = invited?.tenant.id === tenant.id ? invited : null;
      const membership =
        invitation === null ? assigned : withRole(assigned, tenant.id, userId, invitedRole(invitation.invitation, connectionId));
      const roles = rolesOf(heldRoles(tenant, identity, membership, clock.now()), directory.roles);
      const permissions = permissionsOf(roles);
      if (roles.length === 0 || !isUseful(permissions)) return [];
      const invites = invitation === null ? {} : { invites: { role: invitation.role, by: invitation.inviter?.user.name ?? null } };
      return [{ tenant, roleNames: roles.map((role) => role.name), permissions, ...invites }];
    });
  };
