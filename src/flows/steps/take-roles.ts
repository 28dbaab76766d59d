import type { ConnectionId, UserId } from '../../domain/ids.ts';
import type { Memberships } from '../../ports/memberships.ts';

/** Takes from a user whatever came through one connection, in every tenant, and says so to every instance. */
export const takeRoles =
  ({ memberships }: { readonly memberships: Memberships }) =>
  async (userId: UserId, connectionId: ConnectionId): Promise<void> => {
    const held = await memberships.ofUser(userId);
    const meant = held.filter(({ roles }) => roles.some((role) => role.connectionId === connectionId));
    await Promise.all(meant.map(({ tenantId }) => memberships.resync(tenantId, userId, connectionId, [])));
  };
