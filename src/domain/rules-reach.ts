import { isWithinReach } from './administration.ts';
import type { Administrator } from './administration.ts';
import type { Administration } from './directory.ts';
import type { RoleId } from './ids.ts';
import { everything } from './mapping-rule.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Role } from './resource.ts';
import type { RoleRules } from './role-mapping.ts';
import { rulesBeyond } from './rules-draft.ts';

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
