import type { Directory } from '../../domain/directory.ts';
import type { UserId } from '../../domain/ids.ts';
import type { Belonging } from '../../domain/next-step.ts';
import { permissionsOf, rolesOf } from '../../domain/tenant.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { Users } from '../../ports/users.ts';

export interface BelongingDependencies {
  readonly directory: Directory;
  readonly memberships: Memberships;
  readonly users: Users;
}

/** The tenants a user belongs to now, in the organisation's order; none for a disabled user. */
export const belongingsOf =
  ({ directory, memberships, users }: BelongingDependencies) =>
  async (userId: UserId): Promise<Belonging[]> => {
    const [user, held] = await Promise.all([users.get(userId), memberships.ofUser(userId)]);
    if (user?.status !== 'active') return [];
    return directory.tenants.flatMap((tenant) => {
      const membership = held.find((candidate) => candidate.tenantId === tenant.id);
      const roles = membership === undefined ? [] : rolesOf(membership, directory.roles);
      if (membership === undefined || roles.length === 0) return [];
      return [{ tenant, roleNames: roles.map((role) => role.name), permissions: permissionsOf(membership, directory.roles) }];
    });
  };
