import { isAdministrative } from '../domain/administrator-role.ts';
import { isGlob } from '../domain/glob.ts';
import { everything } from '../domain/mapping-rule.ts';
import type { ConfigProblem } from './problems.ts';
import { ids, list, text, texts, unknown } from './written.ts';
import type { Written } from './written.ts';

const noConnection = 'is not the id of a connection';
const noRole = 'is not the id of a role';

/** The roles by which people administer. */
const administratorsIn = (root: Written): ReadonlySet<string> =>
  new Set(list(root['roles']).flatMap((role) => (texts(role['permissions']).some(isAdministrative) ? (text(role['id']) ?? []) : [])));

/** Exactly what makes a rule one: somebody it is about, and one thing that happens to them. */
function ruleShape(rule: Written, at: string): ConfigProblem[] {
  const has = (name: string) => rule[name] !== undefined;
  return [
    ...(has('group') || has('where') ? [] : [{ key: `${at}.group`, problem: 'is required, or where' }]),
    ...(has('role') || has('deny') ? [] : [{ key: `${at}.role`, problem: 'is required, or deny' }]),
    ...(has('role') && has('deny') ? [{ key: `${at}.deny`, problem: 'and role exclude each other' }] : []),
    ...(has('deny') && has('until') ? [{ key: `${at}.until`, problem: 'has no use with deny' }] : []),
  ];
}

/** Whoever can name a group, or write a claim, could make it fit a pattern: an administrator has to be named exactly. */
function wildcards(rule: Written, at: string, administrators: ReadonlySet<string>): ConfigProblem[] {
  if (!administrators.has(text(rule['role']) ?? '')) return [];
  const problem = 'must not contain a wildcard where the role is an administrator’s';
  const group = text(rule['group']);
  if (group !== null) return isGlob(group) ? [{ key: `${at}.group`, problem }] : [];
  const conditions = list(rule['where']).map((condition) => texts(condition['is']));
  return conditions.every((patterns) => patterns.some(isGlob)) ? [{ key: `${at}.where`, problem }] : [];
}

/** What a tenant names that is nowhere, and rules that are none. */
export function tenantChecks(root: Written): ConfigProblem[] {
  const connections = new Set(ids(root['connections']));
  const roles = new Set(ids(root['roles']));
  const administrators = administratorsIn(root);
  return list(root['tenants']).flatMap((tenant, index) => {
    const at = `tenants[${index}]`;
    const both = (name: string) =>
      list(tenant[name]).flatMap((entry, position) => [
        ...unknown(entry['connection'], connections, `${at}.${name}[${position}].connection`, noConnection),
        ...unknown(entry['role'], roles, `${at}.${name}[${position}].role`, noRole),
      ]);
    const rules = list(tenant['rules']).flatMap((rule, position) => {
      const here = `${at}.rules[${position}]`;
      const denied = rule['deny'] === everything ? [] : unknown(rule['deny'], roles, `${here}.deny`, noRole);
      const isOpen = administrators.has(text(rule['role']) ?? '') && rule['connection'] === undefined && connections.size > 1;
      const open = isOpen
        ? [{ key: `${here}.connection`, problem: 'is required where the role is an administrator’s and there are several' }]
        : [];
      return [...denied, ...ruleShape(rule, here), ...wildcards(rule, here, administrators), ...open];
    });
    return [...both('rules'), ...rules, ...both('members'), ...unknown(tenant['defaultRole'], roles, `${at}.defaultRole`, noRole)];
  });
}
