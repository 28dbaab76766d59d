import { canonicalJson } from './canonical-json.ts';
import { RoleId } from './ids.ts';
import { everything } from './mapping-rule.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Role } from './resource.ts';

/** One rule as somebody has typed it, which need not be one yet. */
export interface DraftRow {
  /** The number of the published rule it began as; null for a new one. */
  readonly from: number | null;
  readonly group: string;
  readonly effect: 'give' | 'deny';
  /** The id of a role, or `*`. */
  readonly role: string;
  /** What else there is about the rule, and is not typed. */
  readonly more: Pick<MappingRule, 'connectionId' | 'where' | 'until'>;
}

export function rowOf(rule: MappingRule, from: number | null): DraftRow {
  const { connectionId, group = '', where, until } = rule;
  const more = { connectionId, ...(where === undefined ? {} : { where }), ...(until === undefined ? {} : { until }) };
  return { from, group, effect: rule.role === undefined ? 'deny' : 'give', role: rule.role ?? rule.deny, more };
}

/** The rule that was typed, or what is wrong with it. */
export function ruleOf({ group, effect, role, more }: DraftRow, roles: readonly Role[]): MappingRule | { readonly problem: string } {
  const { connectionId, where, until } = more;
  if (group === '' && where === undefined) return { problem: 'Name the group this rule is about.' };
  const about = { connectionId, ...(group === '' ? {} : { group }), ...(where === undefined ? {} : { where }) };
  if (role === everything)
    return effect === 'deny' ? { ...about, deny: everything } : { problem: '“Any role” goes only with “never get”.' };
  const known = RoleId.safeParse(role);
  if (!known.success || !roles.some(({ id }) => id === known.data)) return { problem: 'Choose a role.' };
  if (effect === 'deny') return { ...about, deny: known.data };
  return { ...about, role: known.data, ...(until === undefined ? {} : { until }) };
}

export const isRule = (found: MappingRule | { readonly problem: string }): found is MappingRule => !('problem' in found);

/** What a rule says, to be compared. */
const said = (rule: MappingRule): string => canonicalJson(rule);

/** Whether two lists of rules say the same in the same order. */
export const sameRules = (some: readonly MappingRule[], others: readonly MappingRule[]): boolean =>
  canonicalJson(some) === canonicalJson(others);

/** The rows over rules that were published meanwhile: each begins as the one that says the same, or as none. */
export function rebased(rows: readonly DraftRow[], roles: readonly Role[], published: readonly MappingRule[]): DraftRow[] {
  const left = new Map(published.map((rule, index) => [index + 1, said(rule)]));
  return rows.map((row) => {
    const rule = ruleOf(row, roles);
    const [number] = [...left].find(([, text]) => isRule(rule) && text === said(rule)) ?? [null];
    if (number !== null) left.delete(number);
    return { ...row, from: number };
  });
}

/** The rules of one list that the other lacks. */
export function rulesBeyond(some: readonly MappingRule[], others: readonly MappingRule[]): MappingRule[] {
  const left = others.map(said);
  return some.filter((rule) => {
    const at = left.indexOf(said(rule));
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
