import { ownershipOf } from './access-decision.ts';
import { isAdministrative, putsRight } from './administrator-role.ts';
import type { Directory } from './directory.ts';
import type { RoleId } from './ids.ts';
import type { Resource } from './resource.ts';
import { permittedScope } from './scope.ts';
import type { Tenant } from './tenant.ts';

/** What decides what people can do; how they sign in is another matter. */
export interface AccessPolicy extends Pick<Directory, 'roles' | 'resources'> {
  /** Nobody works in a tenant that is suspended. */
  readonly tenants: readonly (Tenant & { readonly isSuspended?: boolean })[];
}

/** What roles allow at one resource: the scopes that can be given, and the tools these lead to. */
export interface ResourceAccess {
  /** The id. */
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly tools: readonly string[];
  /** Those of the tools that can be used only on what is theirs. */
  readonly ownTools: readonly string[];
  /** Whether one of the scopes lets an app change data. */
  readonly changes: boolean;
}

/** All that somebody can do in a tenant. */
export interface Access {
  readonly roles: readonly RoleId[];
  readonly permissions: readonly string[];
  readonly isAdministrator: boolean;
  /** Whether they administer, and do not only look. */
  readonly putsRight: boolean;
  readonly resources: readonly ResourceAccess[];
}

function accessTo(resource: Resource, permissions: readonly string[]): ResourceAccess {
  const names = resource.scopes.map(({ name }) => name);
  const scopes = permittedScope(resource, names, permissions);
  const uses = [...resource.tools.keys()].map((tool) => [tool, ownershipOf({ resource, standing: { permissions } }, tool)] as const);
  return {
    resource: resource.id,
    scopes,
    tools: uses.flatMap(([tool, ownership]) => (ownership === null ? [] : [tool])),
    ownTools: uses.flatMap(([tool, ownership]) => (ownership === 'own' ? [tool] : [])),
    changes: resource.scopes.some(({ name, changes }) => changes && scopes.includes(name)),
  };
}

export const noAccess: Access = { roles: [], permissions: [], isAdministrator: false, putsRight: false, resources: [] };

/** What these roles allow together, whatever an app has been granted of it. Roles that are not configured allow nothing, and no role is no access. */
export function accessOf({ roles, resources }: Pick<AccessPolicy, 'roles' | 'resources'>, held: readonly RoleId[]): Access {
  const known = roles.filter(({ id }) => held.includes(id));
  const permissions = [...new Set(known.flatMap((role) => role.permissions))];
  return {
    roles: known.map(({ id }) => id),
    permissions,
    isAdministrator: permissions.some(isAdministrative),
    putsRight: permissions.some(putsRight),
    resources: known.length === 0 ? [] : resources.map((resource) => accessTo(resource, permissions)),
  };
}
