import { z } from 'zod';
import type { AssuranceDemand } from './assurance.ts';
import { ConnectionId, RoleId, TenantId, UserId } from './ids.ts';
import type { Role } from './resource.ts';

/** One customer's or department's space, as configured. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly demand: AssuranceDemand;
  readonly rules: readonly MappingRule[];
}

/** People in a group get a role. `group` is an exact name or a glob with `*`, anchored at both ends. */
export interface MappingRule {
  readonly group: string;
  readonly role: RoleId;
  /** Null when the rule holds for every connection. */
  readonly connectionId: ConnectionId | null;
}

/** One role of a member and why they have it. */
export const HeldRole = z.object({ role: RoleId, connectionId: ConnectionId, rule: z.string() });
export type HeldRole = z.infer<typeof HeldRole>;

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

function groupMatches(pattern: string, group: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === group;
  const last = rest.pop() ?? '';
  if (!group.startsWith(first) || !group.slice(first.length).endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = group.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= group.length - last.length;
}

/** The roles a tenant's rules give somebody who came through a connection with these groups, each with the rule and the group that gave it. */
export function mapRoles(tenant: Tenant, connectionId: ConnectionId, groups: readonly string[]): HeldRole[] {
  const held = new Map<RoleId, HeldRole>();
  for (const [index, rule] of tenant.rules.entries()) {
    if (rule.connectionId !== null && rule.connectionId !== connectionId) continue;
    const group = groups.find((candidate) => groupMatches(rule.group, candidate));
    if (group === undefined || held.has(rule.role)) continue;
    held.set(rule.role, { role: rule.role, connectionId, rule: `rule ${index + 1}: group ${group} gives ${rule.role}` });
  }
  return [...held.values()];
}

/** What the roles of a member allow together. */
export function permissionsOf(membership: Membership, roles: readonly Role[]): string[] {
  const held = new Set(membership.roles.map((entry) => entry.role));
  return [...new Set(roles.filter((role) => held.has(role.id)).flatMap((role) => role.permissions))];
}

export function rolesOf(membership: Membership, roles: readonly Role[]): Role[] {
  const held = new Set(membership.roles.map((entry) => entry.role));
  return roles.filter((role) => held.has(role.id));
}
