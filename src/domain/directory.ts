import type { ConnectionId, TenantId } from './ids.ts';
import type { Provisioning } from './provisioned.ts';
import type { Resource, Role } from './resource.ts';
import { leadsInto } from './tenant.ts';
import type { Tenant } from './tenant.ts';
import type { Client } from './client.ts';
import type { NewcomerPolicy } from './newcomer.ts';
import type { RecheckPolicy } from './upstream-session.ts';

/** A configured upstream as people see it. */
export interface ConnectionEntry {
  readonly id: ConnectionId;
  readonly name: string;
  readonly subline: string | null;
  /** Null when the upstream is not asked again after the sign-in. */
  readonly recheck: RecheckPolicy | null;
  /** For how long (ms) the groups it last told are gone by at a sign-in where it tells none; absent when that sign-in is refused. */
  readonly lastKnownFor?: number;
  /** Who may come through it for the first time; absent where anybody may. */
  readonly newPeople?: NewcomerPolicy;
  /** E-mail domains that are said to lead here; each counts once it is proven. */
  readonly domains: readonly string[];
  /** Absent where nobody tells of people beforehand. */
  readonly provisioning?: Provisioning;
}

/** How the installation is looked after over HTTP. */
export interface Administration {
  readonly resource: Resource;
  /** Where `drawbridge:platform` counts; null where nobody looks after all tenants. */
  readonly platformTenant: TenantId | null;
  /** Whether rules are changed on the administrators' pages and not in the configuration file. */
  readonly rulesHere: boolean;
}

/** What the organisation has set up: who may sign in where, and what is protected. */
export interface Directory {
  readonly issuer: string;
  readonly connections: readonly ConnectionEntry[];
  readonly tenants: readonly Tenant[];
  readonly roles: readonly Role[];
  readonly resources: readonly Resource[];
  /** Every address a resource answers at, by its identifier: its own and one for each tenant. */
  readonly addresses: ReadonlyMap<string, Resource>;
  /** The administration's own protected resource, among `addresses` too; absent where there is none. */
  readonly administration?: Administration | undefined;
  /** Whether a person may join two accounts of theirs. */
  readonly linking?: boolean;
  readonly clients: readonly Client[];
  /** The other ways in which clients become known. RFC 7591; draft-ietf-oauth-client-id-metadata-document. */
  readonly registration: { readonly dynamic: boolean; readonly documents: boolean };
}

/** A directory that says at each moment what is in force then. */
export function liveDirectory(now: () => Directory): Directory {
  return {
    get issuer() {
      return now().issuer;
    },
    get connections() {
      return now().connections;
    },
    get tenants() {
      return now().tenants;
    },
    get roles() {
      return now().roles;
    },
    get resources() {
      return now().resources;
    },
    get addresses() {
      return now().addresses;
    },
    get administration() {
      return now().administration;
    },
    get linking() {
      return now().linking === true;
    },
    get clients() {
      return now().clients;
    },
    get registration() {
      return now().registration;
    },
  };
}

export function findTenant(directory: Directory, id: TenantId): Tenant | null {
  return directory.tenants.find((tenant) => tenant.id === id) ?? null;
}

export function findConnection(directory: Directory, id: ConnectionId): ConnectionEntry | null {
  return directory.connections.find((connection) => connection.id === id) ?? null;
}

/** The connections that lead to where a request may go: into the one tenant whose address was asked for, or into any. */
export function offeredConnections({ connections, tenants }: Directory, tenantId: TenantId | null): readonly ConnectionEntry[] {
  const tenant = tenants.find(({ id }) => id === tenantId);
  return tenant === undefined ? connections : connections.filter(({ id }) => leadsInto(tenant, id));
}

/** Whether somebody who came through this connection can join their account with another: there has to be another way in. */
export function canLink(directory: Directory, tenantId: TenantId | null, connectionId: ConnectionId): boolean {
  return directory.linking === true && offeredConnections(directory, tenantId).some(({ id }) => id !== connectionId);
}

/** What a refusal's words call a connection. */
export function connectionNames(directory: Directory, id: ConnectionId): { readonly connection?: string } {
  const name = findConnection(directory, id)?.name;
  return name === undefined ? {} : { connection: name };
}

/** The resource at the address a request was for: its own, or that of one tenant. */
export function findResource(
  directory: Directory,
  { resourceId, tenantId }: { resourceId: string; tenantId: TenantId | null },
): Resource | null {
  const isMeant = ({ id, onlyTenant }: Resource) => id === resourceId && (onlyTenant ?? null) === tenantId;
  return [...directory.addresses.values()].find(isMeant) ?? null;
}

/** The names of roles that hold all of these permissions: what to ask the administrators for. */
export function rolesHolding(directory: Pick<Directory, 'roles'>, permissions: readonly string[]): Role[] {
  return directory.roles.filter((role) => permissions.every((permission) => role.permissions.includes(permission)));
}
