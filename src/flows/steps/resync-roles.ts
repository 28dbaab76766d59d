import type { Directory } from '../../domain/directory.ts';
import type { UserId } from '../../domain/ids.ts';
import type { Arrival, HeldRole } from '../../domain/role-mapping.ts';
import { mapRoles } from '../../domain/role-mapping.ts';
import type { Memberships } from '../../ports/memberships.ts';

export interface ResyncDependencies {
  readonly directory: Directory;
  readonly memberships: Memberships;
}

/** Gives a user in every tenant exactly the roles that the rules give what their connection says of them now, and takes every other that came through it. */
export const resyncRoles =
  ({ directory, memberships }: ResyncDependencies) =>
  async (userId: UserId, arrival: Arrival): Promise<HeldRole[]> => {
    const held = await memberships.ofUser(userId);
    const earned = directory.tenants.map((tenant) => ({ tenant, roles: mapRoles(tenant, arrival) }));
    await Promise.all(
      earned.map(async ({ tenant, roles }) => {
        const before = held.some((membership) => membership.tenantId === tenant.id);
        if (roles.length > 0 || before) await memberships.resync(tenant.id, userId, arrival.connectionId, roles);
      }),
    );
    return earned.flatMap((entry) => entry.roles);
  };
