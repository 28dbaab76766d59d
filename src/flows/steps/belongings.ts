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

/** The tenants somebody belongs to now, by the connection they came through, and may enter by this request, in the organisation's order; none for a disabled user, and none by a sign-in that is another user's by now. */
export const belongingsOf =
  ({ directory, memberships, users }: BelongingDependencies) =>
  async (
    { userId, connectionId, identityId }: Pick<Person, 'userId' | 'connectionId' | 'identityId'>,
    { tenantId: only }: Pick<FrozenRequest, 'tenantId'>,
  ): Promise<Belonging[]> => {
    const [user, held, identity] = await Promise.all([
      users.get(userId),
      memberships.ofUser(userId),
      identityId === undefined ? null : users.identity(identityId),
    ]);
    if (user?.status !== 'active' || (identityId !== undefined && identity?.userId !== userId)) return [];
    return directory.tenants.flatMap((tenant) => {
      if (only !== null && tenant.id !== only) return [];
      const membership = held.find((candidate) => candidate.tenantId === tenant.id);
      const roles = membership === undefined ? [] : rolesOf(membership, connectionId, directory.roles);
      if (membership === undefined || roles.length === 0) return [];
      return [{ tenant, roleNames: roles.map((role) => role.name), permissions: permissionsOf(membership, connectionId, directory.roles) }];
    });
  };
