import type { Directory } from '../../domain/directory.ts';
import type { Belonging } from '../../domain/next-step.ts';
import type { Person } from '../../domain/person.ts';
import { permissionsOf, rolesOf } from '../../domain/tenant.ts';
import type { FrozenRequest } from '../../domain/transaction.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { Users } from '../../ports/users.ts';

export interface BelongingDependencies {
  readonly directory: Directory;
  readonly memberships: Memberships;
  readonly users: Users;
}

/** The tenants somebody belongs to now, by the connection they came through, and may enter by this request, in the organisation's order; none for a disabled user. */
export const belongingsOf =
  ({ directory, memberships, users }: BelongingDependencies) =>
  async (
    { userId, connectionId }: Pick<Person, 'userId' | 'connectionId'>,
    { tenantId: only }: Pick<FrozenRequest, 'tenantId'>,
  ): Promise<Belonging[]> => {
    const [user, held] = await Promise.all([users.get(userId), memberships.ofUser(userId)]);
    if (user?.status !== 'active') return [];
    return directory.tenants.flatMap((tenant) => {
      if (only !== null && tenant.id !== only) return [];
      const membership = held.find((candidate) => candidate.tenantId === tenant.id);
      const roles = membership === undefined ? [] : rolesOf(membership, connectionId, directory.roles);
      if (membership === undefined || roles.length === 0) return [];
      return [{ tenant, roleNames: roles.map((role) => role.name), permissions: permissionsOf(membership, connectionId, directory.roles) }];
    });
  };
