import { z } from 'zod';
import type { AssuranceDemand } from './assurance-demand.ts';
import { ConnectionId, RoleId, TenantId, UserId } from './ids.ts';
import type { Role } from './resource.ts';

/** One customer's or department's space, as configured. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  /** What has to be proven before anybody enters. */
  readonly demand: AssuranceDemand;
  /** Our own second factor stands in where the upstream proves none. */
  readonly ownSecondFactor?: boolean;
  readonly rules: readonly MappingRule[];
  /** People named one by one. */
  readonly members: readonly NamedMember[];
  /** The role of everybody who signed in and got none by name or rule; null when they stay outside. */
  readonly defaultRole: RoleId | null;
}

export interface NamedMember {
  readonly connectionId: ConnectionId;
  readonly subject: string;
  readonly role: RoleId;
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

/** Whether somebody who comes through this connection can be given a role here at all; any can where no rule or name says through which. */
export function leadsInto({ rules, members, defaultRole }: Tenant, connectionId: ConnectionId): boolean {
  const named = [...rules, ...members].map((entry) => entry.connectionId);
  return defaultRole !== null || named.length === 0 || named.includes(null) || named.includes(connectionId);
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

/** Who is to be given roles: the connection they came through and what it said of them. */
export interface Arrival {
  readonly connectionId: ConnectionId;
  readonly subject: string;
  readonly groups: readonly string[];
}

/** The roles a tenant gives somebody: by name, by the groups their connection says they are in, or else by default; each with what gave it. */
export function mapRoles(tenant: Tenant, { connectionId, subject, groups }: Arrival): HeldRole[] {
  const held = new Map<RoleId, HeldRole>();
  const give = (role: RoleId, rule: string) => held.has(role) || held.set(role, { role, connectionId, rule });
  for (const member of tenant.members) {
    if (member.connectionId === connectionId && member.subject === subject) give(member.role, `named member gets ${member.role}`);
  }
  for (const [index, rule] of tenant.rules.entries()) {
    if (rule.connectionId !== null && rule.connectionId !== connectionId) continue;
    const group = groups.find((candidate) => groupMatches(rule.group, candidate));
    if (group !== undefined) give(rule.role, `rule ${index + 1}: group ${group} gives ${rule.role}`);
  }
  if (held.size === 0 && tenant.defaultRole !== null) give(tenant.defaultRole, `everybody gets ${tenant.defaultRole}`);
  return [...held.values()];
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
