import { z } from 'zod';
import { ConnectionId, RoleId } from './ids.ts';
import type { MappingRule, SaidOfSomebody, Verdict } from './mapping-rule.ts';
import { everything, isRuledOut, judgeRule, prepareRule } from './mapping-rule.ts';
import { grouped, indexRules } from './rule-index.ts';

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

/** Who is to be given roles: the connection they come through and what it last said of them, as far as rules ask. */
export interface Arrival extends SaidOfSomebody {
  readonly subject: string;
}

/** What decides about roles in a tenant. */
export interface RoleRules {
  readonly rules: readonly MappingRule[];
  /** People named one by one. */
  readonly members: readonly NamedMember[];
  /** The role of everybody who signed in, got none by name or rule and is denied none; null when they stay outside. */
  readonly defaultRole: RoleId | null;
}

/** A rule that fits somebody, or might. */
export interface FittingRule {
  readonly rule: MappingRule;
  readonly number: number;
  readonly verdict: Verdict;
}

/** Which roles remain, and which were taken away by what. */
export interface SettledRoles {
  readonly roles: HeldRole[];
  readonly denied: readonly { readonly role: RoleId; readonly rule: string }[];
}

/** Whom, and when (ms since the epoch): what has ended by then gives nothing. */
export interface Occasion {
  readonly arrival: Arrival;
  readonly named: readonly NamedMember[];
  readonly assigned: readonly HeldRole[];
  readonly now: number;
}

const endOf = ({ expiresAt = Infinity }: HeldRole) => expiresAt;

/** What gives each role: the first there is, or a later one that lasts longer. */
function gathered({ arrival: { connectionId }, named, assigned, now }: Occasion, fitting: readonly FittingRule[]): Map<RoleId, HeldRole> {
  const held = new Map<RoleId, HeldRole>();
  const give = (given: HeldRole) => {
    const before = held.get(given.role);
    if (endOf(given) > now && (before === undefined || endOf(given) > endOf(before))) held.set(given.role, given);
  };
  for (const each of assigned) if (each.connectionId === connectionId) give(each);
  for (const { role } of named) give({ role, connectionId, rule: `named member gets ${role}`, source: 'named' });
  for (const { rule, number, verdict } of fitting) {
    if (rule.role === undefined || verdict.fits !== 'yes') continue;
    const ends = rule.until === undefined ? {} : { expiresAt: rule.until };
    give({ role: rule.role, connectionId, rule: `rule ${number}: ${verdict.because} gives ${rule.role}`, source: 'rule', ...ends });
  }
  return held;
}

function denialOf({ rule, number, verdict }: FittingRule): { readonly deny: string; readonly says: string }[] {
  if (rule.deny === undefined || verdict.fits === 'no') return [];
  const how = verdict.fits === 'yes' ? ' denies' : ', which denies';
  return [{ deny: rule.deny, says: `rule ${number}: ${verdict.because}${how} ${rule.deny === everything ? 'everything' : rule.deny}` }];
}

/**
 * The union of what is given, minus what is denied. The default role is for those who got no other, and a deny that fits keeps it from them
 * too, whichever role it names. What is not known gives nothing, and denies.
 */
export function settleRoles(defaultRole: RoleId | null, occasion: Occasion, fitting: readonly FittingRule[]): SettledRoles {
  const held = gathered(occasion, fitting);
  const denials = fitting.flatMap(denialOf);
  const [first] = denials;
  if (held.size === 0 && defaultRole !== null) {
    if (first !== undefined) return { roles: [], denied: [{ role: defaultRole, rule: first.says }] };
    const { connectionId } = occasion.arrival;
    return { roles: [{ role: defaultRole, connectionId, rule: `everybody gets ${defaultRole}`, source: 'default' }], denied: [] };
  }
  if (first === undefined) return { roles: [...held.values()], denied: [] };
  const denialFor = (role: RoleId) => denials.find(({ deny }) => deny === everything || deny === role);
  const denied = [...held.keys()].flatMap((role) => {
    const denial = denialFor(role);
    return denial === undefined ? [] : [{ role, rule: denial.says }];
  });
  return { roles: [...held.values()].filter(({ role }) => denialFor(role) === undefined), denied };
}

export type RoleMapper = (arrival: Arrival, assigned?: readonly HeldRole[], now?: number) => HeldRole[];

/** Gives the roles of one after another by the same rules. */
export function compileRules({ rules, members, defaultRole }: RoleRules): RoleMapper {
  const about = indexRules(rules.map(prepareRule));
  const named = grouped(members, ({ subject }) => [subject]);
  return (arrival, assigned = [], now = 0) => {
    const fitting: FittingRule[] = [];
    for (const prepared of about(arrival)) {
      const verdict = isRuledOut(prepared, arrival) ? null : judgeRule(prepared, arrival);
      if (verdict !== null) fitting.push({ rule: prepared.rule, number: prepared.number, verdict });
    }
    const asNamed = named.get(arrival.subject)?.filter(({ connectionId }) => connectionId === arrival.connectionId) ?? [];
    return settleRoles(defaultRole, { arrival, named: asNamed, assigned, now }, fitting).roles;
  };
}

const compiled = new WeakMap<RoleRules, RoleMapper>();

/** The roles a tenant gives somebody: by hand, by name, by the rules, or else by default; each with what gave it. What has ended by `now` gives nothing. */
export function mapRoles(tenant: RoleRules, arrival: Arrival, assigned: readonly HeldRole[] = [], now = 0): HeldRole[] {
  const mapper = compiled.get(tenant) ?? compileRules(tenant);
  compiled.set(tenant, mapper);
  return mapper(arrival, assigned, now);
}
