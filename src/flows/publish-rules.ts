import type { TenantId, UserId } from '../domain/ids.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { Asking } from '../domain/rules-comparison.ts';
import type { LockedOut } from '../domain/rules-preview.ts';
import { rulesBeyond, sameRules } from '../domain/rules-draft.ts';
import { opensConnection, rolesOutOfReach } from '../domain/rules-reach.ts';
import type { PolicyNowDependencies } from './steps/policy-now.ts';
import { policyNow, tenantNow } from './steps/policy-now.ts';
import type { PublishDependencies } from './steps/publish-policy.ts';
import { publishPolicy } from './steps/publish-policy.ts';
import type { PreviewDependencies } from './steps/rules-preview.ts';
import { previewRules } from './steps/rules-preview.ts';

export type PublishRulesDependencies = PolicyNowDependencies & PreviewDependencies & PublishDependencies;

export interface Publication {
  readonly tenantId: TenantId;
  readonly rules: readonly MappingRule[];
  /** The revision the rules were a draft of. */
  readonly revision: number;
  /** How many people lose something, as whoever publishes has said. */
  readonly losing: number;
  readonly by: Asking & { readonly userId: UserId };
  /** Asked once more at the end: working out what it is to everybody takes its time. */
  readonly mayStill: () => Promise<boolean>;
}

/** `changed-meanwhile`: the policy is another one by now. `other-number`: more or fewer people lose something than was said. */
export type Published =
  | { readonly outcome: 'published'; readonly revision: number }
  | { readonly outcome: 'changed-meanwhile' | 'unchanged' | 'not-rules' | 'beyond-reach' }
  | { readonly outcome: 'locked-out'; readonly lockedOut: LockedOut }
  | { readonly outcome: 'other-number'; readonly losing: number };

const lose = (count: number): string => (count === 1 ? '1 person loses' : `${count} people lose`);

/** Makes a draft the rules of a tenant, everywhere at once: what it does to everybody is worked out anew, and only what was said is done. */
export const publishRules =
  (dependencies: PublishRulesDependencies) =>
  async ({ tenantId, rules, revision, losing, by, mayStill }: Publication): Promise<Published> => {
    const { drafts } = dependencies;
    const policy = await policyNow(dependencies);
    const tenant = tenantNow(policy, tenantId);
    if (policy.number !== revision || tenant === null) return { outcome: 'changed-meanwhile' };
    if (sameRules(rules, tenant.rules)) return { outcome: 'unchanged' };
    const drafted = drafts.withRules(policy.document, tenantId, rules);
    if ('problems' in drafted) return { outcome: 'not-rules' };
    const { directory: before } = policy;
    const { directory: after, document } = drafted;
    const change = { before: tenant, after: { ...tenant, rules }, roles: before.roles };
    const administration = before.administration ?? { platformTenant: null };
    if (opensConnection(change, before, by, administration)) return { outcome: 'beyond-reach' };
    if (rolesOutOfReach(change, by, administration).length > 0) return { outcome: 'beyond-reach' };
    const preview = await previewRules(dependencies)({ tenantId, before, after, you: by });
    if (preview.lockedOut !== null) return { outcome: 'locked-out', lockedOut: preview.lockedOut };
    if (preview.losing !== losing) return { outcome: 'other-number', losing: preview.losing };
    if (!(await mayStill())) return { outcome: 'beyond-reach' };
    const [added, removed] = [rulesBeyond(rules, tenant.rules).length, rulesBeyond(tenant.rules, rules).length];
    const note = `rules of ${tenantId}: ${added} new, ${removed} gone; ${lose(losing)} something`;
    const done = await publishPolicy(dependencies)({
      document,
      source: 'administrator',
      by: by.userId,
      note,
      after: revision,
      preview: { leavesWithoutAdministrator: [], youLose: [], losing },
      agreedLosing: losing,
      mayLockOut: false,
      about: { tenantId, adminId: by.userId },
    });
    return done.outcome === 'published' ? done : { outcome: 'changed-meanwhile' };
  };
