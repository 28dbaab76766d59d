import { isPlatform } from '../domain/administration.ts';
import type { Directory } from '../domain/directory.ts';
import type { GroupNaming } from '../domain/group-name.ts';
import type { TenantId } from '../domain/ids.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { Asking } from '../domain/rules-comparison.ts';
import type { RulesPreview } from '../domain/rules-preview.ts';
import { sameRules } from '../domain/rules-draft.ts';
import { opensConnection, rolesOutOfReach } from '../domain/rules-reach.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { RuleProblem } from '../ports/policy-drafts.ts';
import type { PolicyNow, PolicyNowDependencies } from './steps/policy-now.ts';
import { policyNow, tenantNow } from './steps/policy-now.ts';
import type { PreviewDependencies } from './steps/rules-preview.ts';
import { previewRules } from './steps/rules-preview.ts';

export type TryDependencies = PolicyNowDependencies & PreviewDependencies;

/** The rules that are published, to begin a draft with; null when there is no such tenant. */
export const publishedRules =
  (dependencies: PolicyNowDependencies) =>
  async (tenantId: TenantId): Promise<{ readonly policy: PolicyNow; readonly tenant: Tenant } | null> => {
    const policy = await policyNow(dependencies);
    const tenant = tenantNow(policy, tenantId);
    return tenant === null ? null : { policy, tenant };
  };

/** What a draft comes to: nothing while it is none, else who it touches, and whether it is its author's to publish. */
export type TriedRules =
  | { readonly problems: readonly RuleProblem[] }
  | {
      readonly after: Directory;
      /** Null where the draft says what is in force, which is nothing to anybody. */
      readonly preview: RulesPreview | null;
      readonly isOutOfReach: boolean;
    };

/** Rules to be tried, by whom, and what their groups are called. */
export interface Trying {
  readonly rules: readonly MappingRule[];
  readonly you: Asking;
  readonly naming: GroupNaming;
}

/** Works out what other rules would be to everybody; nothing is changed by it. */
export const tryRules =
  (dependencies: TryDependencies) =>
  async (policy: PolicyNow, tenantId: TenantId, { rules, you, naming }: Trying): Promise<TriedRules> => {
    const drafted = dependencies.drafts.withRules(policy.document, tenantId, rules);
    if ('problems' in drafted) return drafted;
    const { directory: after } = drafted;
    const { directory: before } = policy;
    if (sameRules(rules, tenantNow(policy, tenantId)?.rules ?? [])) return { after, preview: null, isOutOfReach: false };
    const isOut = isOutOfReach(before, after, tenantId, you);
    const preview = await previewRules(dependencies)({ tenantId, before, after, you, naming });
    return { after, preview: isPlatform(you, administrationIn(before)) ? preview : withoutStrangers(preview, isOut), isOutOfReach: isOut };
  };

const administrationIn = ({ administration }: Directory) => administration ?? { platformTenant: null };

/** Who has no role here is nobody's to name, or a draft would tell of other tenants' people; and of a draft that could not be published, nobody is named. */
const withoutStrangers = (preview: RulesPreview, isNobodyNamed: boolean): RulesPreview => ({
  ...preview,
  members: isNobodyNamed ? {} : { ...preview.members, gainsAccess: [] },
});

function isOutOfReach(before: Directory, after: Directory, tenantId: TenantId, you: Asking): boolean {
  const [old, young] = [before, after].map(({ tenants }) => tenants.find(({ id }) => id === tenantId));
  const administration = administrationIn(before);
  if (old === undefined || young === undefined) return false;
  const change = { before: old, after: young, roles: after.roles };
  return opensConnection(change, before, you, administration) || rolesOutOfReach(change, you, administration).length > 0;
}
