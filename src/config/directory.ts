import type { Client } from '../domain/client.ts';
import { secretDigest } from '../domain/digest.ts';
import type { Directory } from '../domain/directory.ts';
import type { Resource } from '../domain/resource.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { ClientConfig, ResourceConfig } from './resource-schema.ts';
import type { Config, TenantConfig } from './schema.ts';

const day = 86_400;

/** The configuration in the words of the domain. */
export function directoryOf(config: Config): Directory {
  const isOnly = config.resources.length === 1;
  return {
    issuer: config.issuer,
    connections: config.connections.map(({ id, name, subline }) => ({ id, name, subline: subline ?? null })),
    tenants: config.tenants.map(tenant),
    roles: config.roles,
    resources: config.resources.map((entry) => resource(entry, isOnly)),
    clients: [...config.clients, ...config.resources.flatMap((entry) => entry.clients)].map(client),
  };
}

const tenant = ({ id, name, requireMfa, rules }: TenantConfig): Tenant => ({
  id,
  name,
  demand: { mfa: requireMfa },
  rules: rules.map(({ group, role, connection }) => ({ group, role, connectionId: connection ?? null })),
});

function resource(entry: ResourceConfig, isOnly: boolean): Resource {
  const { id, identifier, upstream, name, baseline, scopes, redirects, buttons } = entry;
  return {
    id,
    identifier,
    upstream,
    name,
    isDefault: isOnly || entry.default,
    baseline,
    scopes,
    tools: new Map(Object.entries(entry.tools)),
    redirects,
    buttons,
    lifetimes: {
      accessToken: entry.accessTokenSeconds,
      refreshIdle: entry.refreshIdleDays * day,
      refreshAbsolute: entry.refreshAbsoluteDays === undefined ? null : entry.refreshAbsoluteDays * day,
      refreshGrace: entry.refreshGraceSeconds,
    },
  };
}

const client = ({ client_id, client_name, redirect_uris, token_endpoint_auth_method, client_secret }: ClientConfig): Client => ({
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
  secretDigest: client_secret === undefined ? null : secretDigest(client_secret),
});
