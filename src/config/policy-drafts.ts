import type { Directory } from '../domain/directory.ts';
import type { TenantId } from '../domain/ids.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { RowField } from '../domain/rules-draft.ts';
import { PolicySchema, directoryUnder } from './policy.ts';
import { keyPath } from './problems.ts';
import { RuleSchema } from './rule-schema.ts';
import type { RuleConfig } from './rule-schema.ts';
import type { Config } from './schema.ts';
import { tenantChecks } from './tenant-checks.ts';

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

interface Problem {
  readonly rule: number | null;
  readonly field: RowField | null;
  readonly problem: string;
}

const nouns = { group: 'group', connection: 'way to sign in', until: 'end', role: 'role', claim: 'detail', is: 'value' } as const;

function fieldAt(name: string, position: string | undefined, part: string | undefined): RowField | null {
  const number = Number(position ?? '0') + 1;
  if (name === 'where') return part === 'claim' ? `claim.${number}` : `is.${number}`;
  if (name === 'deny') return 'role';
  return name === 'group' || name === 'connection' || name === 'until' || name === 'role' ? name : null;
}

/** "tenants[0].rules[2].where[0].claim" is about the first condition of the third rule. */
function problemAt(key: string, problem: string): Problem {
  const [, number, name = '', position, part] = /^tenants\[0\]\.rules\[(\d+)\]\.(\w+)(?:\[(\d+)\](?:\.(\w+))?)?/.exec(key) ?? [];
  if (number === undefined) return { rule: null, field: null, problem: `${key} ${problem}` };
  const field = fieldAt(name, position, part);
  const noun = field === null ? name : nouns[field.split('.')[0] as keyof typeof nouns];
  return { rule: Number(number) + 1, field, problem: `The ${noun} ${problem}.` };
}

const readsAs = (rule: RuleConfig, index: number): Problem[] => {
  const read = RuleSchema.safeParse(rule);
  return (read.error?.issues ?? []).map(({ code, path, message }) => {
    const tooLong = code === 'too_big' && path.at(-1) === 'is' ? 'has more than a hundred lines' : 'is too long';
    return problemAt(keyPath(['tenants', 0, 'rules', index, ...path]), message.startsWith('must') ? message : tooLong);
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
      if (changed.length > mostRules)
        return { problems: [{ rule: null, field: null, problem: `There are more than ${mostRules} rules.` }] };
      const tenants = policy.tenants.map((tenant) => (tenant.id === tenantId ? { ...tenant, rules: changed } : tenant));
      const root = { connections: config.connections, roles: policy.roles, tenants: tenants.filter(({ id }) => id === tenantId) };
      const found = [...changed.flatMap(readsAs), ...tenantChecks(root).map(({ key, problem }) => problemAt(key, problem))];
      if (found.length > 0) return { problems: found };
      const drafted = { ...policy, tenants };
      return { document: drafted, directory: read(drafted) };
    },
  };
}
