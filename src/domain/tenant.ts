import { z } from 'zod';
import type { AssuranceDemand } from './assurance-demand.ts';
import type { ConnectionId } from './ids.ts';
import { TenantId, UserId } from './ids.ts';
import { HeldRole } from './role-mapping.ts';
import type { RoleRules } from './role-mapping.ts';

/** One customer's or department's space, as configured. */
export interface Tenant extends RoleRules {
  readonly id: TenantId;
  readonly name: string;
  /** What has to be proven before anybody enters. */
  readonly demand: AssuranceDemand;
  /** Nobody enters, and what was granted rests. */
  readonly isSuspended?: boolean;
  /** Our own second factor stands in where the upstream proves none. */
  readonly ownSecondFactor?: boolean;
}

/** The roles that were assigned to a user in a tenant by hand; what the rules give is computed. See held-roles.ts. */
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
