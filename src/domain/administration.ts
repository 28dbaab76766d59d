import { putsRight } from './administrator-role.ts';
import type { Administration } from './directory.ts';
import type { TenantId } from './ids.ts';
import type { Role } from './resource.ts';
import type { Standing } from './standing.ts';

/** The permissions that are ours: a role that holds one administers. */
export const administrationPermissions = {
  'drawbridge:read': 'Look at people and their roles, rules, connections, apps and what was granted.',
  'drawbridge:people': 'Assign roles by hand, invite administrators, disable and enable people, and end what they have granted.',
  'drawbridge:rules': 'Change which groups and claims give which role.',
  'drawbridge:connections': 'Change who may come in through which identity provider.',
  'drawbridge:clients': 'End everything an app was granted.',
  'drawbridge:audit': 'Search and export the record of what was decided.',
  'drawbridge:platform': 'All of this in every tenant. Counts only in the tenant that `administration.tenant` names.',
} as const;
export type AdministrationPermission = keyof typeof administrationPermissions;

const platform: AdministrationPermission = 'drawbridge:platform';

/** What a role lets somebody do about administration, in sentences. */
export const administrationSentences = ({ permissions }: Pick<Role, 'permissions'>): string[] =>
  Object.entries(administrationPermissions).flatMap(([permission, sentence]) => (permissions.includes(permission) ? [sentence] : []));

/** Where the Admin API answers, below the issuer. */
export const administrationPath = '/admin/api';

export const administrationScopes = { read: 'admin:read', write: 'admin:write' } as const;

/** Whether somebody with this role can put things right for others, and not only look. */
export const isAdministratorRole = ({ permissions }: Role): boolean => permissions.some(putsRight);

/** Who administers, as far as authority goes: what they may do, and in which tenant they may. */
export type Administrator = Pick<Standing, 'tenant' | 'permissions'>;

/** Whether somebody looks after all tenants. */
export function isPlatform({ tenant, permissions }: Administrator, { platformTenant }: Pick<Administration, 'platformTenant'>): boolean {
  return tenant.id === platformTenant && permissions.includes(platform);
}

/** `unknown`: as far as this person can tell there is no such tenant. `forbidden`: there is, and their roles do not allow this. */
export type AdministrationVerdict = 'allowed' | 'forbidden' | 'unknown';

/** May this be done in that tenant, or, where it is null, in none in particular? */
export function mayAdminister(
  administrator: Administrator,
  tenantId: TenantId | null,
  needs: AdministrationPermission,
  administration: Pick<Administration, 'platformTenant'>,
): AdministrationVerdict {
  if (isPlatform(administrator, administration)) return 'allowed';
  if (tenantId !== null && tenantId !== administrator.tenant.id) return 'unknown';
  return needs !== platform && administrator.permissions.includes(needs) ? 'allowed' : 'forbidden';
}

/** Nobody gives or takes what allows more than they may themselves; whoever looks after all tenants may everything. */
export function isWithinReach(
  administrator: Administrator,
  permissions: readonly string[],
  administration: Pick<Administration, 'platformTenant'>,
): boolean {
  return isPlatform(administrator, administration) || permissions.every((permission) => administrator.permissions.includes(permission));
}

/** Why something an administrator asked for is not done. */
export type AdministrationFault =
  | 'not-found'
  | 'beyond-reach'
  | 'last-administrator'
  | 'elsewhere-too'
  | 'not-assigned'
  | 'over-already'
  | 'other-connection'
  | 'for-platform'
  | 'file-only'
  | 'not-agreed'
  | 'not-administrative'
  | 'too-long'
  | 'too-many'
  | 'taken-already'
  | 'stale';

export class AdministrationRefused extends Error {
  override readonly name = 'AdministrationRefused';
  readonly fault: AdministrationFault;

  constructor(fault: AdministrationFault) {
    super(`administration refused: ${fault}`);
    this.fault = fault;
  }
}
