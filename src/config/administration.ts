import { z } from 'zod';
import { administrationPath, administrationPermissions, administrationScopes } from '../domain/administration.ts';
import { isAdministrative } from '../domain/administrator-role.ts';
import type { AssuranceDemand } from '../domain/assurance-demand.ts';
import type { Administration } from '../domain/directory.ts';
import { TenantId } from '../domain/ids.ts';
import type { ResourceScope } from '../domain/resource.ts';
import { Identifier, Requirement } from './fields.ts';
import type { ConfigProblem } from './problems.ts';
import { ids, list, record, texts, unknown } from './written.ts';
import type { Written } from './written.ts';

/** Absent means that there is no Admin API. */
export const AdministrationSchema = z.strictObject({
  tenant: Identifier.pipe(TenantId)
    .optional()
    .describe('The tenant whose people may look after all tenants, if a role of theirs holds `drawbridge:platform`.'),
  rulesByFileOnly: z
    .boolean()
    .default(false)
    .describe('Whether rules come from the reviewed file alone: then they can be looked at and tried here, and not changed.'),
  require: Requirement.optional().describe('What must be proven about the sign-in to administer.'),
});
export type AdministrationConfig = z.infer<typeof AdministrationSchema>;

const hour = 3600;
/** Not one a configured resource could have: its colon is no letter of an id. */
const id = 'drawbridge:administration';

const scopes: readonly ResourceScope[] = [
  {
    name: administrationScopes.read,
    title: 'Look at people, roles and rules',
    note: 'It can’t change anything.',
    changes: false,
    permissions: ['drawbridge:read'],
  },
  {
    name: administrationScopes.write,
    title: 'Change who may do what',
    note: 'It changes roles, ends access and disables people, under your name.',
    changes: true,
    permissions: ['drawbridge:read'],
  },
];

/** The administration as a protected resource of its own: its tokens open nothing else, and no other token opens it. */
export function administrationOf(
  issuer: string,
  { tenant, rulesByFileOnly }: AdministrationConfig,
  demand: { readonly demand?: AssuranceDemand },
): Administration {
  return {
    platformTenant: tenant ?? null,
    rulesHere: !rulesByFileOnly,
    resource: {
      id,
      identifier: `${issuer}${administrationPath}`,
      upstream: '',
      isOwn: true,
      name: 'Administration',
      isDefault: false,
      baseline: [administrationScopes.read],
      scopes,
      tools: new Map(),
      redirects: { policy: 'allow-list', allow: [] },
      buttons: { approve: 'Approve', deny: 'Deny' },
      lifetimes: { accessToken: hour / 4, refreshIdle: 24 * hour, refreshAbsolute: 30 * 24 * hour, refreshGrace: 120 },
      ...demand,
    },
  };
}

/** Permissions that begin like ours are ours, and whoever looks after all tenants belongs to one there is. */
export function administrationChecks(root: Written): ConfigProblem[] {
  const problem = `begins like a permission of Drawbridge’s own, which are ${Object.keys(administrationPermissions).join(', ')}`;
  const isUnknown = (permission: string) => isAdministrative(permission) && !Object.hasOwn(administrationPermissions, permission);
  const permissions = list(root['roles']).flatMap((role, index) =>
    texts(role['permissions']).flatMap((permission, position) =>
      isUnknown(permission) ? [{ key: `roles[${index}].permissions[${position}]`, problem }] : [],
    ),
  );
  const { tenant } = record(root['administration']);
  return [...permissions, ...unknown(tenant, new Set(ids(root['tenants'])), 'administration.tenant', 'is not the id of a tenant')];
}
