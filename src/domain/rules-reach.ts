import { isPlatform, isWithinReach } from './administration.ts';
import type { AdministrationPermission, Administrator } from './administration.ts';
import type { Administration, Directory } from './directory.ts';
import type { RoleId } from './ids.ts';
import { everything } from './mapping-rule.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Role } from './resource.ts';
import { rulesBeyond } from './rules-draft.ts';
import { leadsInto } from './tenant.ts';
import type { Tenant } from './tenant.ts';

/** The rules of a tenant as they are and as they would be, with all roles there are. */
export interface RulesMove {
  readonly before: Tenant;
  readonly after: Tenant;
  readonly roles: readonly Role[];
}

const platform: AdministrationPermission = 'drawbridge:platform';

/** What a rule is about; one that denies everything, of every role somebody may have been given here by hand too. */
function rolesOf(
  { role, deny }: MappingRule,
  { before, roles }: RulesMove,
  { platformTenant }: Pick<Administration, 'platformTenant'>,
): RoleId[] {
  if (deny !== everything) return [role ?? deny ?? []].flat();
  const counts = ({ permissions }: Role) => before.id === platformTenant || !permissions.includes(platform);
  return roles.filter(counts).map(({ id }) => id);
}

/**
 * The roles that a change of rules gives, takes or releases, and that allow more than whoever makes it may do. Whatever rule is moved, who had
 * nothing else falls back on the default role, or loses it.
 */
export function rolesOutOfReach(
  move: RulesMove,
  administrator: Administrator,
  administration: Pick<Administration, 'platformTenant'>,
): Role[] {
  const { before, after, roles } = move;
  const rules = [...rulesBeyond(before.rules, after.rules), ...rulesBeyond(after.rules, before.rules)];
  const isDefaultMoved = rules.length > 0 || before.defaultRole !== after.defaultRole;
  const defaults = isDefaultMoved ? [before.defaultRole, after.defaultRole] : [];
  const concerned = new Set<RoleId | null>([...defaults, ...rules.flatMap((rule) => rolesOf(rule, move, administration))]);
  return roles.filter(({ id, permissions }) => concerned.has(id) && !isWithinReach(administrator, permissions, administration));
}

/** Whether people could come in through a connection that led nowhere here before: that is for whoever looks after all tenants. */
export function opensConnection(
  { before, after }: Pick<RulesMove, 'before' | 'after'>,
  { connections }: Pick<Directory, 'connections'>,
  administrator: Administrator,
  administration: Pick<Administration, 'platformTenant'>,
): boolean {
  if (isPlatform(administrator, administration)) return false;
  return connections.some(({ id }) => leadsInto(after, id) && !leadsInto(before, id));
}
