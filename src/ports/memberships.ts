import type { ConnectionId, TenantId, UserId } from '../domain/ids.ts';
import type { Membership } from '../domain/tenant.ts';
import type { HeldRole } from '../domain/role-mapping.ts';

export interface Memberships {
  get(tenantId: TenantId, userId: UserId): Promise<Membership | null>;
  ofUser(userId: UserId): Promise<Membership[]>;
  /** Replaces everything that was assigned, provided that this is still its version (0 where nothing ever was); false when it is not. */
  assign(tenantId: TenantId, userId: UserId, version: number, roles: readonly HeldRole[]): Promise<boolean>;
  /** Replaces the roles that are bound to one connection and leaves the others; a membership without roles is removed. */
  resync(tenantId: TenantId, userId: UserId, connectionId: ConnectionId, roles: readonly HeldRole[]): Promise<void>;
}
