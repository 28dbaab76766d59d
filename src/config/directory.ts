import type { AssuranceDemand } from '../domain/assurance-demand.ts';
import { noDemand, strictest } from '../domain/assurance-demand.ts';
import type { Client } from '../domain/client.ts';
import { secretDigest } from '../domain/digest.ts';
import type { ConnectionEntry, Directory } from '../domain/directory.ts';
import { RoleId } from '../domain/ids.ts';
import type { Resource, ResourceScope, ToolRule } from '../domain/resource.ts';
import { atTenant } from '../domain/resource.ts';
import { everything } from '../domain/mapping-rule.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { Tenant } from '../domain/tenant.ts';
import { consoleClient } from '../domain/console.ts';
import { administrationOf } from './administration.ts';
import type { Requirement } from './fields.ts';
import type { ConnectionConfig } from './connection-schema.ts';
import { provisionedSubject } from './connection-schema.ts';
import type { ClientConfig, ResourceConfig } from './resource-schema.ts';
import type { RuleConfig } from './rule-schema.ts';
import type { Config, TenantConfig } from './schema.ts';

const day = 86_400;

const demandOf = ({ mfa, phishingResistant, maxAgeSeconds }: Requirement): AssuranceDemand => ({
  mfa,
  phishingResistant,
  maxAge: maxAgeSeconds ?? null,
});

/** Absent where nothing is required, so that nothing is judged there. */
const withDemand = (require: Requirement | undefined): { readonly demand?: AssuranceDemand } =>
  require === undefined ? {} : { demand: demandOf(require) };

const scopeOf = ({ require, ...scope }: ResourceConfig['scopes'][number]): ResourceScope => ({ ...scope, ...withDemand(require) });

const toolOf = ({ require, ownPermissions, ...tool }: ResourceConfig['tools'][string]): ToolRule => ({
  ...tool,
  ...(ownPermissions === undefined ? {} : { ownPermissions }),
  ...withDemand(require),
});

function resourceOf(config: ResourceConfig, single: boolean): Resource {
  return {
    id: config.id,
    identifier: config.identifier,
    upstream: config.upstream,
    name: config.name,
    isDefault: config.default || single,
    baseline: config.baseline,
    scopes: config.scopes.map(scopeOf),
    tools: new Map(Object.entries(config.tools).map(([name, tool]) => [name, toolOf(tool)])),
    redirects: config.redirects,
    buttons: config.buttons,
    lifetimes: {
      accessToken: config.accessTokenSeconds,
      refreshIdle: config.refreshIdleDays * day,
      refreshAbsolute: config.refreshAbsoluteDays === undefined ? null : config.refreshAbsoluteDays * day,
      refreshGrace: config.refreshGraceSeconds,
    },
    ...withDemand(config.require),
  };
}

/** What else a rule has to have is seen to before. */
function ruleOf({ connection, group, where, role, deny = everything, until }: RuleConfig): MappingRule {
  const about = { connectionId: connection ?? null, ...(group === undefined ? {} : { group }), ...(where === undefined ? {} : { where }) };
  if (role === undefined) return { ...about, deny: deny === everything ? everything : RoleId.parse(deny) };
  return { ...about, role, ...(until === undefined ? {} : { until: Date.parse(until) }) };
}

function tenantOf(config: TenantConfig): Tenant {
  return {
    id: config.id,
    name: config.name,
    isSuspended: config.suspended,
    demand: strictest(withDemand(config.require).demand, { ...noDemand, mfa: config.requireMfa }),
    ownSecondFactor: config.ownSecondFactor,
    rules: config.rules.map(ruleOf),
    members: config.members.map(({ connection, subject, role }) => ({ connectionId: connection, subject, role })),
    defaultRole: config.defaultRole ?? null,
  };
}

function clientOf(config: ClientConfig, onlyFor?: string): Client {
  const { client_id, client_name, redirect_uris, token_endpoint_auth_method } = config;
  return {
    client_id,
    metadata: {
      client_name,
      redirect_uris,
      token_endpoint_auth_method,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    verifiedHost: null,
    origin: 'configured',
    secretDigest: config.client_secret === undefined ? null : secretDigest(config.client_secret),
    ...(onlyFor === undefined ? {} : { onlyFor }),
  };
}

function connectionOf(config: ConnectionConfig): ConnectionEntry {
  const { id, name, subline, domains, recheck, newPeople, unknownGroups, provisioning } = config;
  return {
    id,
    name,
    subline: subline ?? null,
    recheck: recheck === undefined ? null : { after: recheck.afterSeconds * 1000, grace: recheck.graceSeconds * 1000 },
    ...(unknownGroups?.policy === 'last-known' ? { lastKnownFor: unknownGroups.lastKnownSeconds * 1000 } : {}),
    domains: domains ?? [],
    ...(newPeople === undefined ? {} : { newPeople: { who: newPeople.who, most: newPeople.most ?? null } }),
    ...(provisioning === undefined ? {} : { provisioning: { ...provisionedSubject(config), isRequired: provisioning.required } }),
  };
}

/** The configuration in the domain's words. */
export function directoryOf(config: Config): Directory {
  const single = config.resources.length === 1;
  const resources = config.resources.map((resource) => resourceOf(resource, single));
  const tenants = config.tenantAddresses ? config.tenants : [];
  const { administration: own } = config;
  const administration = own === undefined ? {} : { administration: administrationOf(config.issuer, own, withDemand(own.require)) };
  const addresses = [
    ...resources,
    ...resources.flatMap((resource) => tenants.map(({ id }) => atTenant(resource, id))),
    ...Object.values(administration).map(({ resource }) => resource),
  ];
  return {
    ...administration,
    issuer: config.issuer,
    connections: config.connections.map(connectionOf),
    tenants: config.tenants.map(tenantOf),
    roles: config.roles,
    registration: config.registration,
    linking: config.linking,
    resources,
    addresses: new Map(addresses.map((resource) => [resource.identifier, resource])),
    clients: [
      ...Object.values(administration).map(({ resource: { id } }) => consoleClient(config.issuer, id)),
      ...config.clients.map((client) => clientOf(client)),
      ...config.resources.flatMap(({ id, clients }) => clients.map((client) => clientOf(client, id))),
    ],
  };
}
