import type { ConnectionId, TenantId } from './ids.ts';
import type { Resource, Role } from './resource.ts';
import type { Tenant } from './tenant.ts';
import type { Client } from './client.ts';
import type { RecheckPolicy } from './upstream-session.ts';

/** A configured upstream as people see it. */
export interface ConnectionEntry {
  readonly id: ConnectionId;
  readonly name: string;
  readonly subline: string | null;
  /** Null when the upstream is not asked again after the sign-in. */
  readonly recheck: RecheckPolicy | null;
}

/** What the organisation has set up: who may sign in where, and what is protected. */
export interface Directory {
  readonly issuer: string;
  readonly connections: readonly ConnectionEntry[];
  readonly tenants: readonly Tenant[];
  readonly roles: readonly Role[];
  readonly resources: readonly Resource[];
  readonly clients: readonly Client[];
  /** The other ways in which clients become known. RFC 7591; draft-ietf-oauth-client-id-metadata-document. */
  readonly registration: { readonly dynamic: boolean; readonly documents: boolean };
}

export function findTenant(directory: Directory, id: TenantId): Tenant | null {
  return directory.tenants.find((tenant) => tenant.id === id) ?? null;
}

export function findConnection(directory: Directory, id: ConnectionId): ConnectionEntry | null {
  return directory.connections.find((connection) => connection.id === id) ?? null;
}

/** What a refusal's words call a connection. */
export function connectionNames(directory: Directory, id: ConnectionId): { readonly connection?: string } {
  const name = findConnection(directory, id)?.name;
  return name === undefined ? {} : { connection: name };
}

export function findResource(directory: Directory, id: string): Resource | null {
  return directory.resources.find((resource) => resource.id === id) ?? null;
}

/** The names of roles that hold all of these permissions: what to ask the administrators for. */
export function rolesHolding(directory: Pick<Directory, 'roles'>, permissions: readonly string[]): Role[] {
  return directory.roles.filter((role) => permissions.every((permission) => role.permissions.includes(permission)));
}
