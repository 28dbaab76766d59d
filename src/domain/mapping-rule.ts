import { globOf } from './glob.ts';
import { groupWithName } from './group-name.ts';
import type { GroupNaming } from './group-name.ts';
import type { ConnectionId, RoleId } from './ids.ts';

/** One thing a rule wants a claim to say: any of its values has to be one of these, exactly or by a glob. */
export interface ClaimCondition {
  /** JSON Pointer. RFC 6901. */
  readonly claim: string;
  readonly is: readonly string[];
}

/** Whom a rule is about: everything that is named has to hold, and a group or a claim is. */
interface About {
  /** Null when the rule holds for every connection. */
  readonly connectionId: ConnectionId | null;
  /** An exact name or a glob with `*`, anchored at both ends. */
  readonly group?: string;
  readonly where?: readonly ClaimCondition[];
}

/** What a rule denies that denies every role: no role is called so. */
export const everything = '*';

/** Gives a role, or takes one or all of them away, whatever else gives them. */
export type MappingRule = About &
  (
    | {
        readonly role: RoleId;
        readonly deny?: undefined;
        /** When it ends (ms since the epoch). */
        readonly until?: number;
      }
    | { readonly role?: undefined; readonly deny: RoleId | typeof everything; readonly until?: undefined }
  );

/** Whether nobody gets its role without a list of groups. */
export const goesByGroup = ({ group, role }: MappingRule): boolean => group !== undefined && role !== undefined;

/** What a connection said of somebody, as far as rules ask. */
export interface SaidOfSomebody {
  readonly connectionId: ConnectionId;
  /** Null is unknown, which is not the same as none. */
  readonly groups: readonly string[] | null;
  /** The values of a claim by its JSON Pointer (RFC 6901), scalars as text; a pointer that is missing is unknown, an empty list says that there is no such claim. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** What groups are called: said beside them, and never decided by. */
  readonly naming?: GroupNaming;
}

/** Whether a rule is about somebody, and by what; `unknown` where it hangs on something that is not known of them. */
export interface Verdict {
  readonly fits: 'yes' | 'no' | 'unknown';
  readonly because: string;
}

type Pattern = (text: string) => boolean;

/** A rule with its patterns taken apart. */
export interface PreparedRule {
  readonly rule: MappingRule;
  /** From 1, in the order they are written. */
  readonly number: number;
  readonly fitsGroup: Pattern | null;
  readonly where: readonly (ClaimCondition & { readonly fits: Pattern })[];
}

function anyOf(patterns: readonly string[]): Pattern {
  const each = patterns.map(globOf);
  return (text) => each.some((fits) => fits(text));
}

export const prepareRule = (rule: MappingRule, index: number): PreparedRule => ({
  rule,
  number: index + 1,
  fitsGroup: rule.group === undefined ? null : globOf(rule.group),
  where: (rule.where ?? []).map((condition) => ({ ...condition, fits: anyOf(condition.is) })),
});

/** Whether anything known rules it out, groups aside: quicker than to say why. */
export const isRuledOut = ({ rule, where }: PreparedRule, { connectionId, claims }: SaidOfSomebody): boolean =>
  (rule.connectionId !== null && rule.connectionId !== connectionId) ||
  where.some(({ claim, fits }) => claims[claim]?.some(fits) === false);

function judgeGroup({ rule, fitsGroup }: PreparedRule, { groups, connectionId, naming }: SaidOfSomebody): Verdict[] {
  if (fitsGroup === null) return [];
  if (groups === null) return [{ fits: 'unknown', because: 'the groups are not known' }];
  const called = (id: string): string => (naming === undefined ? id : groupWithName(naming, id, connectionId));
  const group = groups.find(fitsGroup);
  return [
    group === undefined
      ? { fits: 'no', because: `not in the group ${called(rule.group ?? '')}` }
      : { fits: 'yes', because: `group ${called(group)}` },
  ];
}

function judgeClaim({ claim, is, fits }: PreparedRule['where'][number], claims: SaidOfSomebody['claims']): Verdict {
  const values = claims[claim];
  if (values === undefined) return { fits: 'unknown', because: `${claim} is not known` };
  const value = values.find(fits);
  if (value !== undefined) return { fits: 'yes', because: `${claim} ${value}` };
  return { fits: 'no', because: values.length === 0 ? `there is no ${claim}` : `${claim} is not ${is.join(' or ')}` };
}

/** What is known to be otherwise decides before what is not known. */
export function judgeRule(rule: PreparedRule, said: SaidOfSomebody): Verdict {
  const { connectionId, claims } = said;
  const isForAnother = rule.rule.connectionId !== null && rule.rule.connectionId !== connectionId;
  if (isForAnother) return { fits: 'no', because: `only for the connection ${rule.rule.connectionId}` };
  const parts = [...judgeGroup(rule, said), ...rule.where.map((condition) => judgeClaim(condition, claims))];
  const open = parts.find(({ fits }) => fits === 'no') ?? parts.find(({ fits }) => fits === 'unknown');
  return open ?? { fits: 'yes', because: parts.map(({ because }) => because).join(' and ') };
}
