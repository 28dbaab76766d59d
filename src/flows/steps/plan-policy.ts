import { findTenant } from '../../domain/directory.ts';
import type { Directory } from '../../domain/directory.ts';
import { groupsIn } from '../../domain/group-name.ts';
import type { MappingRule } from '../../domain/mapping-rule.ts';
import type { Revision } from '../../domain/policy.ts';
import { followsFile } from '../../domain/policy.ts';
import type { Difference } from '../../domain/policy-differences.ts';
import { policyDifferences } from '../../domain/policy-differences.ts';
import { rulesBeyond } from '../../domain/rules-draft.ts';
import type { Policies } from '../../ports/policies.ts';
import type { NamingDependencies } from './name-groups.ts';
import { nameGroups } from './name-groups.ts';
import type { PolicyPreview, PreviewDependencies, PreviewOptions } from './preview-policy.ts';
import { previewPolicy } from './preview-policy.ts';

export interface PlanDependencies extends Omit<PreviewDependencies, 'directory'>, NamingDependencies {
  readonly policies: Pick<Policies, 'document'>;
  /** What a document means to this process. */
  readonly meaning: (document: unknown) => Directory;
}

/** What another policy would be: what it says otherwise, and what that is to everybody. */
export interface Plan {
  /** What it was compared with. */
  readonly inForce: Revision;
  readonly document: unknown;
  readonly differences: readonly Difference[];
  readonly preview: PolicyPreview;
}

/** The rules of one policy that the same tenant has not in another. */
const beyond = ({ tenants }: Directory, others: Directory): MappingRule[] =>
  tenants.flatMap(({ id, rules }) => rulesBeyond(rules, findTenant(others, id)?.rules ?? []));

/** Compares a policy, thing by thing and person by person, with what is in force. Nothing is written. */
export const planPolicy =
  (dependencies: PlanDependencies) =>
  async (document: unknown, inForce: Revision, options: PreviewOptions = {}): Promise<Plan> => {
    const { policies, meaning } = dependencies;
    const [now, next] = [meaning(await policies.document(inForce.digest)), meaning(document)];
    const preview = await previewPolicy({ ...dependencies, directory: now })(now, next, options);
    const naming = await nameGroups(dependencies)(
      now.connections.map(({ id }) => id),
      groupsIn([...beyond(now, next), ...beyond(next, now)]),
    );
    return { inForce, document, differences: policyDifferences(now, next, naming), preview };
  };

/** Whether there is nothing to put in force: it is there, and was decided on. */
export const isInForce = ({ differences, inForce }: Plan): boolean => differences.length === 0 && !followsFile(inForce);
