import { isAdministrative } from './administrator-role.ts';
import { canonicalJson } from './canonical-json.ts';
import type { ConnectionEntry } from './directory.ts';
import { RoleId } from './ids.ts';
import { everything } from './mapping-rule.ts';
import type { ClaimCondition, MappingRule } from './mapping-rule.ts';
import { localMoment, momentOf } from './moment.ts';
import type { Role } from './resource.ts';

/** One rule as somebody has typed it, which need not be one yet. */
export interface DraftRow {
  /** The number of the published rule it began as; null for a new one. */
  readonly from: number | null;
  readonly group: string;
  readonly effect: 'give' | 'deny';
  /** The id of a role, or `*`. */
  readonly role: string;
  /** The id of a connection; empty for every one. */
  readonly connection: string;
  /** When it ends, in UTC, such as `2027-01-31T18:00`; empty for never. */
  readonly until: string;
  readonly where: readonly ClaimCondition[];
}

/** A field of a row; of conditions the first is 1. */
export type RowField = 'group' | 'role' | 'connection' | 'until' | `claim.${number}` | `is.${number}`;

export interface RowProblem {
  readonly field: RowField;
  readonly problem: string;
}

/** What is wrong with the rows of a draft, by their numbers. */
export type RowProblems = ReadonlyMap<number, readonly RowProblem[]>;

/** What rules may name. */
export interface DraftNames {
  readonly roles: readonly Role[];
  /** Those that lead here. */
  readonly connections: readonly Pick<ConnectionEntry, 'id' | 'name'>[];
  /** Whether anybody could come by another connection than the one that is meant. */
  readonly areSeveral: boolean;
}

/** What begins with no group, no condition and the first role there is. */
export const blankRow = (role: string): DraftRow => ({
  from: null,
  group: '',
  effect: 'give',
  role,
  connection: '',
  until: '',
  where: [],
});

export function rowOf(rule: MappingRule, from: number | null): DraftRow {
  const { connectionId, group = '', where = [], until } = rule;
  const effect = rule.role === undefined ? 'deny' : 'give';
  const ends = until === undefined ? '' : localMoment(until);
  return { from, group, effect, role: rule.role ?? rule.deny, connection: connectionId ?? '', until: ends, where };
}

function conditionProblems({ claim, is }: ClaimCondition, index: number): RowProblem[] {
  const number = index + 1;
  return [
    ...(claim === '' ? [{ field: `claim.${number}`, problem: 'Say which detail, or remove this condition.' } as const] : []),
    ...(is.length === 0 ? [{ field: `is.${number}`, problem: 'Say what it has to be.' } as const] : []),
  ];
}

function roleProblem({ effect, role }: DraftRow, { roles }: DraftNames): RowProblem[] {
  if (role === everything) return effect === 'deny' ? [] : [{ field: 'role', problem: '“Any role” goes only with “never get”.' }];
  return roles.some(({ id }) => id === role) ? [] : [{ field: 'role', problem: 'Choose a role.' }];
}

function connectionProblem({ connection, effect, role }: DraftRow, { roles, connections, areSeveral }: DraftNames): RowProblem[] {
  if (connection !== '')
    return connections.some(({ id }) => id === connection)
      ? []
      : [{ field: 'connection', problem: 'Choose one of these ways to sign in.' }];
  const isAdministrators = effect === 'give' && roles.find(({ id }) => id === role)?.permissions.some(isAdministrative) === true;
  const problem = 'Choose one: this role is an administrator’s, and another way to sign in may have a group of the same name.';
  return isAdministrators && areSeveral ? [{ field: 'connection', problem }] : [];
}

function endProblem({ effect, until }: DraftRow): RowProblem[] {
  if (until === '') return [];
  if (effect === 'deny') return [{ field: 'until', problem: '“Never get” has no end: leave this empty.' }];
  return momentOf(until) === null ? [{ field: 'until', problem: 'Write a date and a time, such as 2027-01-31T18:00.' }] : [];
}

/** The rule that was typed, or everything that is wrong with it. */
export function ruleOf(row: DraftRow, names: DraftNames): MappingRule | { readonly problems: readonly RowProblem[] } {
  const { group, effect, role, connection, until, where } = row;
  const problems = [
    ...(group === '' && where.length === 0 ? [{ field: 'group', problem: 'Name the group this rule is about.' } as const] : []),
    ...roleProblem(row, names),
    ...connectionProblem(row, names),
    ...endProblem(row),
    ...where.flatMap(conditionProblems),
  ];
  if (problems.length > 0) return { problems };
  const connectionId = names.connections.find(({ id }) => id === connection)?.id ?? null;
  const about = { connectionId, ...(group === '' ? {} : { group }), ...(where.length === 0 ? {} : { where }) };
  if (effect === 'deny') return { ...about, deny: role === everything ? everything : RoleId.parse(role) };
  const ends = momentOf(until);
  return { ...about, role: RoleId.parse(role), ...(ends === null ? {} : { until: ends }) };
}

export const isRule = (found: ReturnType<typeof ruleOf>): found is MappingRule => !('problems' in found);

/** What a rule says, to be compared. */
const said = (rule: MappingRule): string => canonicalJson(rule);

/** Whether two lists of rules say the same in the same order. */
export const sameRules = (some: readonly MappingRule[], others: readonly MappingRule[]): boolean =>
  canonicalJson(some) === canonicalJson(others);

/** The rows over rules that were published meanwhile: each begins as the one that says the same, or as none. */
export function rebased(rows: readonly DraftRow[], names: DraftNames, published: readonly MappingRule[]): DraftRow[] {
  const left = new Map(published.map((rule, index) => [index + 1, said(rule)]));
  return rows.map((row) => {
    const rule = ruleOf(row, names);
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
