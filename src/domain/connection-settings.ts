import type { AssuranceDemand } from './assurance-demand.ts';
import type { Check } from './connection-check.ts';
import { listed, ok, problem, warning } from './connection-check.ts';
import type { Directory } from './directory.ts';
import type { ConnectionId } from './ids.ts';
import { goesByGroup } from './mapping-rule.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Resource } from './resource.ts';
import type { Tenant } from './tenant.ts';
import { leadsInto } from './tenant.ts';

/** What a connection can bring by its settings, whoever signs in. */
export interface ConnectionAbilities {
  readonly id: ConnectionId;
  /** Whether a place for groups is configured. */
  readonly conveysGroups: boolean;
  /** Whether any answer counts as proof of a second factor, and of one that cannot be phished. */
  readonly provesMfa: boolean;
  readonly provesPhishingResistance: boolean;
  /** Whether people are told of beforehand, and whether others stay outside. */
  readonly provisioning: 'required' | 'optional' | null;
  /** Whether it is asked again after the sign-in. */
  readonly isAskedAgain: boolean;
  /** Whether we then ask it for a refresh token in a way it is known to understand. */
  readonly asksForRefreshTokens: boolean;
}

const resistance = 'a factor that cannot be phished';

/** What a demand asks for that no answer of this connection could prove. */
function unprovable(demand: AssuranceDemand | undefined, { provesMfa, provesPhishingResistance }: ConnectionAbilities): string | null {
  if (demand === undefined) return null;
  if ((demand.mfa || demand.phishingResistant) && !provesMfa) return 'a second factor';
  return demand.phishingResistant && !provesPhishingResistance ? resistance : null;
}

const proveIt = 'Say under mfa of the connection which answers prove it; docs/assurance.md has what this kind can prove.';

/** Demands of the tenants it leads into and of what is protected, against what it can prove. */
function judgeProof(tenants: readonly Tenant[], resources: readonly Resource[], abilities: ConnectionAbilities): Check {
  const refused = [...tenants, ...resources].flatMap(({ name, demand }) => {
    const missing = unprovable(demand, abilities);
    return missing === null ? [] : [{ name, missing }];
  });
  const [first] = refused;
  if (first !== undefined) {
    const who = listed(refused.map(({ name }) => name));
    return problem('second-factor', `${who} wants ${first.missing} proven, and no answer of this connection counts as proof.`, proveIt);
  }
  const less = resources.filter(({ scopes, tools }) =>
    [...scopes, ...tools.values()].some(({ demand }) => unprovable(demand, abilities) !== null),
  );
  if (less.length === 0) return ok('second-factor', 'Nothing is demanded of a sign-in that this connection could not prove.');
  const where = listed(less.map(({ name }) => name));
  return warning('second-factor', `Some of what ${where} offers wants more proven than any answer of this connection counts for.`, proveIt);
}

const applies = (to: { readonly connectionId: ConnectionId | null }, id: ConnectionId): boolean =>
  to.connectionId === null || to.connectionId === id;

/** The same without a group: it goes by claims alone. */
const givesByClaims = (rule: MappingRule, id: ConnectionId): boolean =>
  rule.role !== undefined && rule.group === undefined && applies(rule, id);

/** Rules go by groups; without a place for them no such rule fits anybody. */
function judgeGroups(tenants: readonly Tenant[], { id, conveysGroups }: ConnectionAbilities): Check {
  const ruled = tenants.filter(({ rules }) => rules.some((rule) => goesByGroup(rule) && applies(rule, id)));
  if (ruled.length === 0) return ok('groups', 'No rule needs groups from it.');
  if (conveysGroups)
    return ok('groups', `Where its groups are is configured, and rules of ${listed(ruled.map(({ name }) => name))} go by them.`);
  const todo =
    'Set claims.groups of the connection to where they are, such as /groups, or groupLookup where its kind has one; or name people under members, or set defaultRole.';
  const hasOtherWay = ({ rules, members, defaultRole }: Tenant) =>
    defaultRole !== null || members.some((member) => member.connectionId === id) || rules.some((rule) => givesByClaims(rule, id));
  const isMeant = ruled.some(({ rules }) => rules.some((rule) => goesByGroup(rule) && rule.connectionId === id));
  const names = listed(ruled.map(({ name }) => name));
  const says = `Roles in ${names} come from groups, and no place for groups is configured, so no rule fits anybody from here.`;
  return isMeant || !tenants.some(hasOtherWay) ? problem('groups', says, todo) : warning('groups', says, todo);
}

function judgeProvisioning({ provisioning }: ConnectionAbilities): Check[] {
  if (provisioning === null) return [];
  const others = provisioning === 'required' ? 'Only who was told of by SCIM comes in' : 'Who was not told of by SCIM comes in too';
  return [ok('provisioning', `${others}, and nobody who is not active. The sign-in test says which the person is who tries it.`)];
}

function judgeRecheck({ isAskedAgain, asksForRefreshTokens }: ConnectionAbilities): Check[] {
  if (!isAskedAgain) return [];
  if (asksForRefreshTokens) return [ok('recheck', 'We ask for what it can be asked again with after the sign-in.')];
  const says = 'It is to be asked again after the sign-in, and the scope that usually brings a refresh token is not asked for.';
  return [warning('recheck', says, 'Add offline_access to the scopes of the connection, unless this one gives refresh tokens without it.')];
}

/** What the settings alone already say: combinations of which no sign-in could make anything. */
export function judgeSettings(directory: Pick<Directory, 'tenants' | 'resources'>, abilities: ConnectionAbilities): Check[] {
  const tenants = directory.tenants.filter((tenant) => leadsInto(tenant, abilities.id));
  const nowhere = problem(
    'way-in',
    'It leads nowhere: no tenant has a rule, a member or a default role for people from here.',
    'Give a tenant a rule for its groups, name people under members, or set defaultRole.',
  );
  const given = tenants.filter(({ rules, members, defaultRole }) => rules.length > 0 || members.length > 0 || defaultRole !== null);
  if (given.length === 0) return [nowhere, judgeProof(tenants, directory.resources, abilities), ...judgeRecheck(abilities)];
  return [
    ok('way-in', `It leads into ${listed(given.map(({ name }) => name))}.`),
    judgeProof(given, directory.resources, abilities),
    judgeGroups(given, abilities),
    ...judgeProvisioning(abilities),
    ...judgeRecheck(abilities),
  ];
}
