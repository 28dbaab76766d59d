import { judgeRule, prepareRule } from './mapping-rule.ts';
import type { Verdict } from './mapping-rule.ts';
import { settleRoles } from './role-mapping.ts';
import type { Arrival, FittingRule, HeldRole, RoleRules, SettledRoles } from './role-mapping.ts';

/** How each rule stands to somebody, in their order. */
export interface TracedRule extends Verdict {
  readonly rule: number;
}

export interface ExplainedRoles extends SettledRoles {
  readonly trace: readonly TracedRule[];
}

const hasEnded = ({ rule }: FittingRule, now: number) => rule.until !== undefined && rule.until <= now;

/** The same roles as `mapRoles`, with what was taken away, and every rule with whether it fits and why. */
export function explainRoles(tenant: RoleRules, arrival: Arrival, assigned: readonly HeldRole[] = [], now = 0): ExplainedRoles {
  const judged = tenant.rules.map((rule, index): FittingRule => {
    const verdict = judgeRule(prepareRule(rule, index), arrival);
    return { rule, number: index + 1, verdict };
  });
  const named = tenant.members.filter(({ connectionId, subject }) => connectionId === arrival.connectionId && subject === arrival.subject);
  const trace = judged.map((each): TracedRule => {
    const { fits, because } = each.verdict;
    return fits !== 'no' && hasEnded(each, now)
      ? { rule: each.number, fits: 'no', because: `${because}, but it has ended` }
      : { rule: each.number, fits, because };
  });
  return { ...settleRoles(tenant.defaultRole, { arrival, named, assigned, now }, judged), trace };
}
