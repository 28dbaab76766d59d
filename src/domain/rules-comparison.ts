import { mayAdminister } from './administration.ts';
import type { Administrator } from './administration.ts';
import { differenceOf } from './access-difference.ts';
import type { AccessDifference } from './access-difference.ts';
import { putsRight } from './administrator-role.ts';
import type { Directory } from './directory.ts';
import { findTenant } from './directory.ts';
import { heldRoles, permissionsOf, rolesOf } from './held-roles.ts';
import type { GroupNaming } from './group-name.ts';
import type { TenantId } from './ids.ts';
import { remembering } from './remembering.ts';
import { accessOf } from './role-access.ts';
import { explainRoles } from './role-explanation.ts';
import type { HeldRole } from './role-mapping.ts';
import { losesAnything, rulesChangeOf } from './rules-preview.ts';
import type { RulesChange } from './rules-preview.ts';
import type { Membership, Tenant } from './tenant.ts';
import type { Identity } from './user.ts';

/** Who asks, and by which sign-in they are there. */
export interface Asking extends Administrator {
  readonly identityId: string;
}

export interface ComparedRules {
  readonly tenantId: TenantId;
  readonly before: Directory;
  readonly after: Directory;
  readonly you: Asking;
  /** What groups are called, to say so. */
  readonly naming?: GroupNaming;
}

/** One sign-in of somebody who has a role in the tenant, now or by the other rules. */
export interface MemberOutcome {
  readonly identity: Identity;
  readonly isYou: boolean;
  readonly change: RulesChange;
  readonly loses: boolean;
  readonly difference: AccessDifference;
  /** Whether they can put things right, now and then. */
  readonly putsRight: { readonly before: boolean; readonly after: boolean };
  /** What makes whoever asks one who may change rules, where the other rules end that. */
  readonly losesRulesThrough: string | null;
  /** Names of roles. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  why(): string;
}

const sources = { named: 'named one by one', default: 'everyone else', assigned: 'assigned by hand' } as const;
const numberOf = (rule: string): string | null => /^rule \d+/.exec(rule)?.[0] ?? null;

const shortly = ({ rule, source }: HeldRole): string =>
  source === undefined || source === 'rule' ? (numberOf(rule) ?? 'since before') : sources[source];

/** What decides about somebody's roles, in a few words. */
function whyOf(tenant: Tenant, held: readonly HeldRole[], { connectionId, subject, known }: Identity, now: number): string {
  if (held.length > 0) return [...new Set(held.map(shortly))].join(', ');
  const [first] = known === undefined ? [] : explainRoles(tenant, { connectionId, subject, ...known }, [], now).denied;
  return first === undefined ? 'no rule fits' : `${numberOf(first.rule) ?? 'a rule'} denies it`;
}

function tenantIn(directory: Directory, id: TenantId): Tenant {
  const tenant = findTenant(directory, id);
  if (tenant === null) throw new TypeError('the policy has no such tenant');
  return tenant;
}

const accessBy = (directory: Directory) =>
  remembering((word) => {
    const held = word.split(' ');
    return accessOf(
      directory,
      directory.roles.map(({ id }) => id).filter((id) => held.includes(id)),
    );
  });

const wordOf = (held: readonly HeldRole[]): string => [...new Set(held.map(({ role }) => role))].sort().join(' ');

/** By what somebody is an administrator, without what it gives. */
function throughOf(held: readonly HeldRole[], { connectionId, subject, known }: Identity, compared: ComparedRules, now: number): string {
  const { before, tenantId, naming = new Map() } = compared;
  const { roles } = before;
  const assigned = held.filter(({ source }) => source === 'assigned');
  const arrival = known === undefined ? null : { connectionId, subject, naming, ...known };
  const told = arrival === null ? held : explainRoles(tenantIn(before, tenantId), arrival, assigned, now).roles;
  return told
    .filter((each) => permissionsOf(rolesOf([each], roles)).some(putsRight))
    .map(({ rule, role }) => rule.replace(` gives ${role}`, '').replace(/^(rule \d+): (.*)$/, '$1 ($2)'))
    .join(' and ');
}

/** Puts the rules of a tenant beside others for one after another; null for whoever has no role there, now or then. */
export function compareRules(compared: ComparedRules, now: number) {
  const { tenantId, before, after, you } = compared;
  const [oldTenant, newTenant] = [tenantIn(before, tenantId), tenantIn(after, tenantId)];
  const [oldAccess, newAccess] = [accessBy(before), accessBy(after)];
  const isYours = you.tenant.id === tenantId;
  const mayChange = (held: readonly HeldRole[], directory: Directory) => {
    const asked = { tenant: you.tenant, permissions: permissionsOf(rolesOf(held, directory.roles)) };
    return mayAdminister(asked, tenantId, 'drawbridge:rules', directory.administration ?? { platformTenant: null }) === 'allowed';
  };
  return (identity: Identity, membership: Membership | null): MemberOutcome | null => {
    const had = heldRoles(oldTenant, identity, membership, now);
    const has = heldRoles(newTenant, identity, membership, now);
    if (had.length === 0 && has.length === 0) return null;
    const [old, young] = [oldAccess(wordOf(had)), newAccess(wordOf(has))];
    const difference = differenceOf(old, young);
    const isYou = identity.id === you.identityId;
    const isLockedOut = isYou && isYours && mayChange(had, before) && !mayChange(has, after);
    return {
      identity,
      isYou,
      change: rulesChangeOf(difference),
      loses: losesAnything(difference),
      difference,
      putsRight: { before: old.putsRight, after: young.putsRight },
      losesRulesThrough: isLockedOut ? throughOf(had, identity, compared, now) : null,
      before: rolesOf(had, before.roles).map(({ name }) => name),
      after: rolesOf(has, after.roles).map(({ name }) => name),
      why: () => whyOf(newTenant, has, identity, now),
    };
  };
}
