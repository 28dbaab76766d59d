import { differenceOf } from './access-difference.ts';
import type { AccessDifference } from './access-difference.ts';
import type { Assigned } from './access-preview.ts';
import { givenThrough } from './held-roles.ts';
import type { TenantId, UserId } from './ids.ts';
import { isRuledOut, prepareRule } from './mapping-rule.ts';
import type { PreparedRule } from './mapping-rule.ts';
import { remembering } from './remembering.ts';
import { accessOf, noAccess } from './role-access.ts';
import type { Access, AccessPolicy } from './role-access.ts';
import { compileRules } from './role-mapping.ts';
import type { Arrival } from './role-mapping.ts';
import { indexRules } from './rule-index.ts';

/** Somebody who has signed in, as they are known. Who has joined two accounts is one for each way they come. */
export interface KnownPerson {
  readonly userId: UserId;
  readonly arrival: Arrival;
  readonly assigned: Assigned;
  /** Nothing was said of them yet: they have what their rows say, and no rule is about them. */
  readonly isUnheard?: boolean;
}

export interface TenantDifference {
  readonly tenantId: TenantId;
  readonly difference: AccessDifference;
}

/** Who administers once everybody has been looked at. */
export interface AdministratorVerdict {
  /** Tenants that somebody administers now, and nobody would who can do more than look. */
  readonly leavesWithoutAdministrator: readonly TenantId[];
  /** Where `you` administer, and would not any more. */
  readonly youLose: readonly TenantId[];
}

/** Somebody's roles in a tenant as one word, by which what they allow is remembered. */
type RolesWord = (person: KnownPerson) => string;

const tenantIn = ({ tenants }: AccessPolicy, id: TenantId) => tenants.find((tenant) => tenant.id === id);

function rolesIn(policy: AccessPolicy, id: TenantId, now: number): RolesWord {
  const tenant = tenantIn(policy, id);
  if (tenant === undefined || tenant.isSuspended === true) return () => '';
  const mapper = compileRules(tenant);
  return ({ arrival, assigned, isUnheard }) => {
    const rows = assigned.get(id) ?? [];
    const held = isUnheard === true ? givenThrough(arrival.connectionId, rows, now) : mapper(arrival, rows, now);
    const roles = held.map(({ role }) => role);
    return roles.length > 1 ? [...new Set(roles)].sort().join(' ') : (roles[0] ?? '');
  };
}

const accessBy = (policy: AccessPolicy): ((word: string) => Access) =>
  remembering((word) => {
    const held = word.split(' ');
    return accessOf(
      policy,
      policy.roles.map(({ id }) => id).filter((id) => held.includes(id)),
    );
  });

const written = (value: unknown) =>
  JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? [...(part as ReadonlyMap<string, unknown>)] : part));

const isAbout = (rules: readonly PreparedRule[]) => {
  const candidates = indexRules(rules);
  return ({ arrival }: KnownPerson) => candidates(arrival).some((rule) => !isRuledOut(rule, arrival));
};

/** One tenant in both policies. */
interface ComparedTenant {
  readonly id: TenantId;
  readonly before: RolesWord;
  readonly after: RolesWord;
  /** Whether anything can be different for somebody: where only rules are, it is for whom a changed one is about. */
  readonly touches: (person: KnownPerson) => boolean;
}

/** The tenants in which anything could change for anybody. */
function tenantsApart(before: AccessPolicy, after: AccessPolicy, now: number): ComparedTenant[] {
  const common = ({ roles, resources }: AccessPolicy) => written([roles, resources]);
  const hasSameRoles = common(before) === common(after);
  return [...new Set([...before.tenants, ...after.tenants].map(({ id }) => id))].flatMap((id): ComparedTenant[] => {
    const [had, has] = [tenantIn(before, id), tenantIn(after, id)];
    const rest = (tenant: typeof had) =>
      written([tenant === undefined, tenant?.members, tenant?.defaultRole, tenant?.isSuspended === true]);
    const rulesOf = (tenant: typeof had) => new Map((tenant?.rules ?? []).map((rule) => [written(rule), rule]));
    const [old, young] = [rulesOf(had), rulesOf(has)];
    const changed = [...[...old].filter(([rule]) => !young.has(rule)), ...[...young].filter(([rule]) => !old.has(rule))];
    const isSame = hasSameRoles && rest(had) === rest(has);
    if (isSame && changed.length === 0) return [];
    const touches = isSame ? isAbout(changed.map(([, rule], index) => prepareRule(rule, index))) : () => true;
    return [{ id, before: rolesIn(before, id, now), after: rolesIn(after, id, now), touches }];
  });
}

const nothing = differenceOf(noAccess, noAccess);

/** Puts the tenants of two policies side by side for one person after another. */
export function compareTenants(
  before: AccessPolicy,
  after: AccessPolicy,
  { now, you }: { readonly now: number; readonly you: UserId | null },
) {
  const [accessBefore, accessAfter] = [accessBy(before), accessBy(after)];
  const differences = remembering((pair) => {
    const [had = '', has = ''] = pair.split('|');
    return differenceOf(accessBefore(had), accessAfter(has));
  });
  const tenants = tenantsApart(before, after, now);
  const administered = {
    before: new Set<TenantId>(),
    after: new Set<TenantId>(),
    byYou: new Set<TenantId>(),
    byYouAfter: new Set<TenantId>(),
  };
  const inTenant = ({ id, before: wordBefore, after: wordAfter, touches }: ComparedTenant, person: KnownPerson): AccessDifference => {
    const isTouched = touches(person);
    // Of the others it matters only whether one is the administrator who remains.
    if (!isTouched && person.userId !== you && administered.after.has(id)) return nothing;
    const had = wordBefore(person);
    const has = isTouched ? wordAfter(person) : had;
    const [old, young] = [accessBefore(had), accessAfter(has)];
    if (old.putsRight) administered.before.add(id);
    if (young.putsRight) administered.after.add(id);
    if (person.userId === you && old.isAdministrator) administered.byYou.add(id);
    if (person.userId === you && young.isAdministrator) administered.byYouAfter.add(id);
    return isTouched ? differences(`${had}|${has}`) : nothing;
  };
  const works = (id: TenantId) => tenantIn(after, id) !== undefined && tenantIn(after, id)?.isSuspended !== true;
  return {
    differencesFor: (person: KnownPerson): TenantDifference[] =>
      tenants.map((tenant) => ({ tenantId: tenant.id, difference: inTenant(tenant, person) })),
    verdict: (): AdministratorVerdict => ({
      leavesWithoutAdministrator: [...administered.before].filter((id) => works(id) && !administered.after.has(id)),
      youLose: [...administered.byYou].filter((id) => !administered.byYouAfter.has(id)),
    }),
  };
}
