import type { Directory } from '../domain/directory.ts';
import type { TenantId } from '../domain/ids.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import { PolicySchema, directoryUnder } from './policy.ts';
import { RuleSchema } from './rule-schema.ts';
import type { RuleConfig } from './rule-schema.ts';
import type { Config } from './schema.ts';
import { tenantChecks } from './tenant-checks.ts';

interface Problem {
  readonly rule: number | null;
  readonly problem: string;
}

/** A rule as a configuration file writes it. */
function written({ connectionId, group, where, role, deny, until }: MappingRule): RuleConfig {
  return {
    ...(connectionId === null ? {} : { connection: connectionId }),
    ...(group === undefined ? {} : { group }),
    ...(where === undefined ? {} : { where: where.map(({ claim, is }) => ({ claim, is: [...is] })) }),
    ...(role === undefined ? {} : { role }),
    ...(deny === undefined ? {} : { deny }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

/** "tenants[0].rules[2].group" is about the third rule. */
function problemAt(key: string, problem: string): Problem {
  const [, number, name = ''] = /^tenants\[0\]\.rules\[(\d+)\]\.(\w+)/.exec(key) ?? [];
  if (number === undefined) return { rule: null, problem: `${key} ${problem}` };
  return { rule: Number(number) + 1, problem: `The ${name} ${problem}.` };
}

const readsAs = (rule: RuleConfig, index: number): Problem[] => {
  const read = RuleSchema.safeParse(rule);
  return (read.error?.issues ?? []).map(({ path, message }) => {
    const says = message.startsWith('must') ? message : 'is too long';
    return problemAt(`tenants[0].rules[${index}].${String(path[0] ?? 'rule')}`, says);
  });
};

const mostRules = 500;

/** What drafts of a policy come to for a process with this configuration. */
export function policyDrafts(config: Config) {
  const read: (document: unknown) => Directory = directoryUnder(config);
  return {
    read,
    withRules(document: unknown, tenantId: TenantId, rules: readonly MappingRule[]) {
      const policy = PolicySchema.parse(document);
      const changed = rules.map(written);
      if (changed.length > mostRules) return { problems: [{ rule: null, problem: `There are more than ${mostRules} rules.` }] };
      const tenants = policy.tenants.map((tenant) => (tenant.id === tenantId ? { ...tenant, rules: changed } : tenant));
      const root = { connections: config.connections, roles: policy.roles, tenants: tenants.filter(({ id }) => id === tenantId) };
      const found = [...changed.flatMap(readsAs), ...tenantChecks(root).map(({ key, problem }) => problemAt(key, problem))];
      if (found.length > 0) return { problems: found };
      const drafted = { ...policy, tenants };
      return { document: drafted, directory: read(drafted) };
    },
  };
}
