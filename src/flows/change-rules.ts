import { AdministrationRefused, isPlatform } from '../domain/administration.ts';
import type { Administration, Directory } from '../domain/directory.ts';
import { findTenant } from '../domain/directory.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Revision } from '../domain/policy.ts';
import type { AccessPolicy } from '../domain/role-access.ts';
import type { Standing } from '../domain/standing.ts';
import { opensConnection, rolesOutOfReach } from '../domain/rules-reach.ts';
import type { Tenant } from '../domain/tenant.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Agreed } from './steps/agreed.ts';
import type { PolicyPreview, PreviewDependencies } from './steps/preview-policy.ts';
import { previewPolicy } from './steps/preview-policy.ts';
import type { Published, PublishDependencies } from './steps/publish-policy.ts';
import { publishPolicy } from './steps/publish-policy.ts';

/** As much of a stored policy as is changed here. */
export interface PolicyDocument {
  readonly tenants: readonly { readonly id: string; readonly rules: readonly unknown[]; readonly defaultRole?: string }[];
}

export type Judged =
  | { readonly document: PolicyDocument }
  | { readonly problems: readonly { readonly at: string; readonly problem: string }[] };

export interface RulesDependencies extends PreviewDependencies, PublishDependencies {
  /** What a document means to this process. */
  readonly meaning: (document: unknown) => Directory;
  /** The document as it is to be stored, provided that nothing is wrong with it. */
  readonly judge: (document: unknown) => Judged;
  /** Only the reviewed file changes them. */
  readonly isFileOnly: boolean;
}

/** What the rules of one tenant are to be. */
export interface WantedRules {
  readonly rules: readonly unknown[];
  readonly defaultRole: string | null;
}

export interface RulesInForce extends WantedRules {
  readonly revision: Revision;
}

export interface RulesChange extends WantedRules {
  readonly standing: Standing;
  readonly administration: Administration;
  readonly tenantId: TenantId;
}

async function inForce({ policies }: RulesDependencies): Promise<{ revision: Revision; document: PolicyDocument }> {
  const revision = await policies.latest();
  if (revision === null) throw new StoreUnavailable('there is no policy');
  return { revision, document: (await policies.document(revision.digest)) as PolicyDocument };
}

/** The rules of a tenant as they are stored, and the revision they are of. */
export const readRules =
  (dependencies: RulesDependencies) =>
  async (tenantId: TenantId): Promise<RulesInForce> => {
    const { revision, document } = await inForce(dependencies);
    const tenant = document.tenants.find(({ id }) => id === tenantId);
    if (tenant === undefined) throw new AdministrationRefused('not-found');
    return { revision, rules: tenant.rules, defaultRole: tenant.defaultRole ?? null };
  };

function withRules(document: PolicyDocument, { tenantId, rules, defaultRole }: RulesChange): PolicyDocument {
  const changed = (tenant: PolicyDocument['tenants'][number]) => {
    const { defaultRole: _before, ...rest } = tenant;
    return { ...rest, rules, ...(defaultRole === null ? {} : { defaultRole }) };
  };
  return { ...document, tenants: document.tenants.map((tenant) => (tenant.id === tenantId ? changed(tenant) : tenant)) };
}

/** Nobody moves, by a rule either, what allows more than they may themselves, nor reaches people who could not come here before. */
function checkReach({ standing, administration }: RulesChange, before: Tenant, after: Tenant, directory: Directory): void {
  const move = { before, after, roles: directory.roles };
  if (rolesOutOfReach(move, standing, administration).length > 0) throw new AdministrationRefused('beyond-reach');
  if (opensConnection(move, directory, standing, administration)) throw new AdministrationRefused('for-platform');
}

/** One tenant of a policy: what it comes to in others is not this administrator's to see. */
const only = ({ tenants, roles, resources }: Directory, id: TenantId): AccessPolicy => ({
  tenants: tenants.filter((tenant) => tenant.id === id),
  roles,
  resources,
});

export type RulesProposal =
  | { readonly problems: readonly { readonly at: string; readonly problem: string }[] }
  | { readonly revision: Revision; readonly document: PolicyDocument; readonly preview: PolicyPreview };

/** What other rules would be to everybody who is known. Nothing is written. */
export const proposeRules =
  (dependencies: RulesDependencies) =>
  async (change: RulesChange): Promise<RulesProposal> => {
    const { meaning, judge } = dependencies;
    const { revision, document } = await inForce(dependencies);
    const judged = judge(withRules(document, change));
    if ('problems' in judged) return judged;
    const [now, next] = [meaning(document), meaning(judged.document)];
    const [before, after] = [findTenant(now, change.tenantId), findTenant(next, change.tenantId)];
    if (before === null || after === null) throw new AdministrationRefused('not-found');
    checkReach(change, before, after, now);
    const options = { you: change.standing.user.id, examples: 20 };
    const preview = await previewPolicy(dependencies)(only(now, before.id), only(next, after.id), options);
    return { revision, document: judged.document, preview };
  };

/** Puts other rules in force, provided that nothing changed since the caller looked. */
export const changeRules =
  (dependencies: RulesDependencies) =>
  async (change: RulesChange, agreed: Agreed): Promise<Published | { readonly problems: readonly { at: string; problem: string }[] }> => {
    const { standing, administration } = change;
    if (dependencies.isFileOnly) throw new AdministrationRefused('file-only');
    if (agreed.mayLockOut && !isPlatform(standing, administration)) throw new AdministrationRefused('for-platform');
    const proposal = await proposeRules(dependencies)(change);
    if ('problems' in proposal) return proposal;
    if (proposal.revision.number !== agreed.after) throw new AdministrationRefused('stale');
    const { document, preview } = proposal;
    const { after, note, losing, mayLockOut } = agreed;
    await agreed.askAgain();
    const by = standing.user.id;
    const source = 'administrator' as const;
    const about = { tenantId: change.tenantId, adminId: by };
    return publishPolicy(dependencies)({ document, source, by, note, after, preview, agreedLosing: losing, mayLockOut, about });
  };
