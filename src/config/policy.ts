import { z } from 'zod';
import { crossCheck } from './cross-checks.ts';
import { directoryOf } from './directory.ts';
import type { Directory } from '../domain/directory.ts';
import { describeIssue } from './issues.ts';
import { ConfigProblems } from './problems.ts';
import { ResourceSchema } from './resource-schema.ts';
import { ConfigSchema } from './schema.ts';
import type { Config } from './schema.ts';

/** Of a resource only who may do what; where it is and for how long tokens live stays with each process. */
const resource = ResourceSchema.pick({ id: true, name: true, baseline: true, scopes: true, tools: true, require: true });

/** The part of the configuration that is one for all processes, changes while they run and has a history. No secret is in it. */
export const PolicySchema = z.strictObject({
  tenants: ConfigSchema.shape.tenants,
  roles: ConfigSchema.shape.roles,
  resources: z.array(resource),
});
export type Policy = z.infer<typeof PolicySchema>;

export const policyOf = ({ tenants, roles, resources }: Config): Policy => ({
  tenants,
  roles,
  resources: resources.map(({ id, name, baseline, scopes, tools, require }) => ({
    id,
    name,
    baseline,
    scopes,
    tools,
    ...(require === undefined ? {} : { require }),
  })),
});

/** The configuration with another policy; a resource it does not speak of is as the file says. */
export function withPolicy(config: Config, { tenants, roles, resources }: Policy): Config {
  return {
    ...config,
    tenants,
    roles,
    resources: config.resources.map(({ require, ...each }) => {
      const said = resources.find(({ id }) => id === each.id) ?? { require };
      return { ...each, ...said };
    }),
  };
}

/** What a stored policy means to a process with this configuration. */
export const directoryUnder =
  (config: Config) =>
  (document: unknown): Directory =>
    directoryOf(withPolicy(config, PolicySchema.parse(document)));

/** Judges a policy that somebody wants in force; `ConfigProblems` naming every wrong key at once. */
export function judgePolicy(config: Config, written: unknown): Policy {
  const { data: policy, error } = PolicySchema.safeParse(written);
  if (policy === undefined) throw new ConfigProblems(error.issues.flatMap((issue) => describeIssue(issue, written)));
  const next = withPolicy(config, policy);
  const problems = crossCheck(next).filter(({ key }) => /^(tenants|roles|resources)\b/.test(key) && !key.endsWith('client_secret'));
  if (problems.length > 0) throw new ConfigProblems(problems);
  return policy;
}

/** The same as an answer: the policy as it is to be stored, or what is wrong with it. */
export const judged =
  (config: Config) =>
  (
    written: unknown,
  ): { readonly document: Policy } | { readonly problems: readonly { readonly at: string; readonly problem: string }[] } => {
    try {
      return { document: judgePolicy(config, written) };
    } catch (error) {
      if (error instanceof ConfigProblems) return { problems: error.problems.map(({ key, problem }) => ({ at: key, problem })) };
      throw error;
    }
  };
