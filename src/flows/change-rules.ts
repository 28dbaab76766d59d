import { AdministrationRefused, isPlatform, isWithinReach } from '../domain/administration.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { Administration, Directory } from '../domain/directory.ts';
import { findTenant } from '../domain/directory.ts';
import type { TenantId } from '../domain/ids.ts';
import { everything } from '../domain/mapping-rule.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { Revision } from '../domain/policy.ts';
import type { AccessPolicy } from '../domain/role-access.ts';
import type { Standing } from '../domain/standing.ts';
import { leadsInto } from '../domain/tenant.ts';
import type { Tenant } from '../domain/tenant.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
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

const textsOf = ({ rules }: Tenant): ReadonlySet<string> => new Set(rules.map(canonicalJson));

/** Rules that one has and the other has not. */
function movedRules(before: Tenant, after: Tenant): MappingRule[] {
  const [had, has] = [textsOf(before), textsOf(after)];
  return [...before.rules.filter((rule) => !has.has(canonicalJson(rule))), ...after.rules.filter((rule) => !had.has(canonicalJson(rule)))];
}

/** A deny of everything is about every role the tenant can give. */
function rolesIn({ role, deny }: MappingRule, tenant: Tenant): (string | null)[] {
  if (deny !== everything) return [role ?? deny ?? null];
  return [tenant.defaultRole, ...[...tenant.rules, ...tenant.members].flatMap((each) => each.role ?? [])];
}

/** Nobody moves, by a rule either, what allows more than they may themselves, nor reaches people who could not come here before. */
function checkReach({ standing, administration }: RulesChange, before: Tenant, after: Tenant, { roles, connections }: Directory): void {
  if (isPlatform(standing, administration)) return;
  const moved = movedRules(before, after);
  const defaults = before.defaultRole === after.defaultRole ? [] : [before.defaultRole, after.defaultRole];
  const concerned = new Set([...defaults, ...moved.flatMap((rule) => [...rolesIn(rule, before), ...rolesIn(rule, after)])]);
  const permissions = roles.filter(({ id }) => concerned.has(id)).flatMap((role) => role.permissions);
  if (!isWithinReach(standing, permissions, administration)) throw new AdministrationRefused('beyond-reach');
  if (connections.some(({ id }) => leadsInto(after, id) && !leadsInto(before, id))) throw new AdministrationRefused('for-platform');
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

export interface Agreed {
  /** The revision the caller looked at. */
  readonly after: number;
  readonly note: string;
  /** How many who lose something were agreed to; null where nobody asked. */
  readonly losing: number | null;
  readonly mayLockOut: boolean;
}

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
    const by = standing.user.id;
    const source = 'administrator' as const;
    const about = { tenantId: change.tenantId, adminId: by };
    return publishPolicy(dependencies)({ document, source, by, note, after, preview, agreedLosing: losing, mayLockOut, about });
  };
