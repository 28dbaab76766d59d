import { z } from 'zod';
import { ConnectionId, RoleId } from './ids.ts';

/** People in a group get a role. `group` is an exact name or a glob with `*`, anchored at both ends. */
export interface MappingRule {
  readonly group: string;
  readonly role: RoleId;
  /** Null when the rule holds for every connection. */
  readonly connectionId: ConnectionId | null;
}

export interface NamedMember {
  readonly connectionId: ConnectionId;
  readonly subject: string;
  readonly role: RoleId;
}

/**
 * One role of a member and why they have it. `assigned` is by hand, `expiresAt` when it ends by itself (ms since the epoch). Absent in rows
 * from before roles were computed: those stand until the person's connection next says who they are.
 */
export const HeldRole = z.object({
  role: RoleId,
  connectionId: ConnectionId,
  rule: z.string(),
  source: z.enum(['rule', 'named', 'default', 'assigned']).optional(),
  expiresAt: z.number().optional(),
});
export type HeldRole = z.infer<typeof HeldRole>;

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

/** Who is to be given roles: the connection they come through and what it last said of them, as far as rules ask. */
export interface Arrival {
  readonly connectionId: ConnectionId;
  readonly subject: string;
  /** Null is unknown, which is not the same as none. */
  readonly groups: readonly string[] | null;
  /** The values of a claim by its JSON Pointer (RFC 6901), scalars as text; a pointer that is missing is unknown, an empty list says that there is no such claim. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/** What decides about roles in a tenant. */
export interface RoleRules {
  readonly rules: readonly MappingRule[];
  /** People named one by one. */
  readonly members: readonly NamedMember[];
  /** The role of everybody who signed in and got none by name or rule; null when they stay outside. */
  readonly defaultRole: RoleId | null;
}

/** The roles a tenant gives somebody: by name, by the groups their connection says they are in, or else by default; each with what gave it. */
export function mapRoles(tenant: RoleRules, { connectionId, subject, groups }: Arrival, assigned: readonly HeldRole[] = []): HeldRole[] {
  const held = new Map<RoleId, HeldRole>();
  const give = (role: RoleId, source: HeldRole['source'], rule: string) =>
    held.has(role) || held.set(role, { role, connectionId, rule, source });
  for (const each of assigned) if (each.connectionId === connectionId && !held.has(each.role)) held.set(each.role, each);
  for (const member of tenant.members) {
    if (member.connectionId === connectionId && member.subject === subject) give(member.role, 'named', `named member gets ${member.role}`);
  }
  for (const [index, rule] of tenant.rules.entries()) {
    if (rule.connectionId !== null && rule.connectionId !== connectionId) continue;
    const group = groups?.find((candidate) => groupMatches(rule.group, candidate));
    if (group !== undefined) give(rule.role, 'rule', `rule ${index + 1}: group ${group} gives ${rule.role}`);
  }
  if (held.size === 0 && tenant.defaultRole !== null) give(tenant.defaultRole, 'default', `everybody gets ${tenant.defaultRole}`);
  return [...held.values()];
}
