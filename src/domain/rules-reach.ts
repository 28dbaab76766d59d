import { isPlatform, isWithinReach } from './administration.ts';
import type { Administrator } from './administration.ts';
import type { Administration, Directory } from './directory.ts';
import type { RoleId } from './ids.ts';
import { everything } from './mapping-rule.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Role } from './resource.ts';
import type { RoleRules } from './role-mapping.ts';
import { rulesBeyond } from './rules-draft.ts';
import { leadsInto } from './tenant.ts';
import type { Tenant } from './tenant.ts';

/** What a rule that denied keeps from nobody any more. */
function released({ deny }: MappingRule, { rules, members, defaultRole }: RoleRules): RoleId[] {
  const given = [...rules, ...members].flatMap(({ role }) => role ?? []);
  const freed = deny === everything || deny === undefined ? given : [deny];
  return defaultRole === null ? freed : [...freed, defaultRole];
}

/** Roles that somebody could get by this change and that allow more than whoever makes it may do. */
export function rolesOutOfReach(
  change: { readonly before: RoleRules; readonly after: RoleRules; readonly roles: readonly Role[] },
  administrator: Administrator,
  administration: Pick<Administration, 'platformTenant'>,
): Role[] {
  const { before, after, roles } = change;
  const added = rulesBeyond(after.rules, before.rules).flatMap(({ role }) => role ?? []);
  const denials = rulesBeyond(before.rules, after.rules).filter(({ deny }) => deny !== undefined);
  const possible = new Set([...added, ...denials.flatMap((rule) => released(rule, after))]);
  return roles.filter(({ id, permissions }) => possible.has(id) && !isWithinReach(administrator, permissions, administration));
}

/** Whether people could come in through a connection that led nowhere here before: that is for whoever looks after all tenants. */
export function opensConnection(
  { before, after }: { readonly before: Tenant; readonly after: Tenant },
  { connections }: Pick<Directory, 'connections'>,
  administrator: Administrator,
  administration: Pick<Administration, 'platformTenant'>,
): boolean {
  if (isPlatform(administrator, administration)) return false;
  return connections.some(({ id }) => leadsInto(after, id) && !leadsInto(before, id));
}
