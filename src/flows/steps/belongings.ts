import type { Directory } from '../../domain/directory.ts';
import { findResource } from '../../domain/directory.ts';
import type { Belonging } from '../../domain/next-step.ts';
import type { Person } from '../../domain/person.ts';
import { heldRoles, permissionsOf, rolesOf } from '../../domain/held-roles.ts';
import { permittedScope } from '../../domain/scope.ts';
import type { FrozenRequest } from '../../domain/transaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { PolicyInForce } from '../../ports/policy-in-force.ts';
import type { Users } from '../../ports/users.ts';
import type { IdentityDependencies } from './identity-of.ts';
import { identityOf } from './identity-of.ts';

export interface BelongingDependencies extends IdentityDependencies {
  readonly directory: Directory;
  readonly memberships: Memberships;
  readonly users: Users;
  readonly clock: Clock;
  readonly policy: PolicyInForce;
}

/** The tenants somebody belongs to now, by the connection they came through, and may enter by this request, in the organisation's order; none for a disabled user, and none by a sign-in that is another user's by now. */
export const belongingsOf =
  ({ directory, policy, memberships, users, provisionedUsers, clock }: BelongingDependencies) =>
  async (
    person: Pick<Person, 'userId' | 'connectionId' | 'identityId'>,
    request: Pick<FrozenRequest, 'tenantId' | 'resourceId'>,
  ): Promise<Belonging[]> => {
    const [user, held, identity] = await Promise.all([
      users.get(person.userId),
      memberships.ofUser(person.userId),
      identityOf({ directory, users, provisionedUsers })(person),
      policy.fresh(),
    ]);
    if (user?.status !== 'active' || identity === null) return [];
    const { tenantId: only } = request;
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
      const membership = held.find((candidate) => candidate.tenantId === tenant.id) ?? null;
      const roles = rolesOf(heldRoles(tenant, identity, membership, clock.now()), directory.roles);
      const permissions = permissionsOf(roles);
      return roles.length === 0 || !isUseful(permissions) ? [] : [{ tenant, roleNames: roles.map((role) => role.name), permissions }];
    });
  };
