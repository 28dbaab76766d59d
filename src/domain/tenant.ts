import { z } from 'zod';
import type { AssuranceDemand } from './assurance-demand.ts';
import type { ConnectionId, RoleId } from './ids.ts';
import { TenantId, UserId } from './ids.ts';
import type { Role } from './resource.ts';
import { HeldRole } from './role-mapping.ts';
import type { RoleRules } from './role-mapping.ts';

/** One customer's or department's space, as configured. */
export interface Tenant extends RoleRules {
  readonly id: TenantId;
  readonly name: string;
  /** What has to be proven before anybody enters. */
  readonly demand: AssuranceDemand;
  /** Our own second factor stands in where the upstream proves none. */
  readonly ownSecondFactor?: boolean;
}

/** That a user belongs to a tenant, with the roles and the provenance of each. */
export const Membership = z.object({
  /** `tenant:user` */
  id: z.string(),
  tenantId: TenantId,
  userId: UserId,
  roles: z.array(HeldRole),
  version: z.number(),
});
export type Membership = z.infer<typeof Membership>;

export function membershipId(tenantId: TenantId, userId: UserId): string {
  return `${tenantId}:${userId}`;
}

/** Whether somebody who comes through this connection can be given a role here at all; any can where nothing that gives one says through which. */
export function leadsInto({ rules, members, defaultRole }: Tenant, connectionId: ConnectionId): boolean {
  const named = [...rules, ...members].filter(({ role }) => role !== undefined).map((entry) => entry.connectionId);
  return defaultRole !== null || named.length === 0 || named.includes(null) || named.includes(connectionId);
}

/** The roles that came through one connection: only these count for who signed in with it, or a leaver there would keep them by coming another way. */
const heldThrough = ({ roles }: Membership, connectionId: ConnectionId): ReadonlySet<RoleId> =>
  new Set(roles.filter((held) => held.connectionId === connectionId).map((held) => held.role));

export function rolesOf(membership: Membership, connectionId: ConnectionId, roles: readonly Role[]): Role[] {
  const held = heldThrough(membership, connectionId);
  return roles.filter((role) => held.has(role.id));
}

/** What the roles of a member who came through this connection allow together. */
export const permissionsOf = (membership: Membership, connectionId: ConnectionId, roles: readonly Role[]): string[] => [
  ...new Set(rolesOf(membership, connectionId, roles).flatMap((role) => role.permissions)),
];
