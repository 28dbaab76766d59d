import { z } from 'zod';
import { isPlatform } from '../../domain/administration.ts';
import { findTenant } from '../../domain/directory.ts';
import type { Administration, Directory } from '../../domain/directory.ts';
import type { Standing } from '../../domain/standing.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { notFound } from './problems.ts';
import { tenantInPath } from './shapes.ts';

const Demand = z
  .object({ mfa: z.boolean(), phishingResistant: z.boolean(), maxAgeSeconds: z.int().nullable() })
  .describe('What must be proven about a sign-in before anybody enters.');

export const TenantView = z.object({
  id: z.string(),
  name: z.string(),
  require: Demand,
  ownSecondFactor: z.boolean().describe('Whether a second factor of ours stands in where the identity provider proves none.'),
  defaultRole: z.string().nullable().describe('The role of everybody who can sign in and has no other.'),
});

const view = ({ id, name, demand, ownSecondFactor, defaultRole }: Tenant): z.infer<typeof TenantView> => ({
  id,
  name,
  require: { mfa: demand.mfa, phishingResistant: demand.phishingResistant, maxAgeSeconds: demand.maxAge },
  ownSecondFactor: ownSecondFactor === true,
  defaultRole,
});

/** The tenant of a path; whether the caller may look at it was decided before. */
export function tenantOf(directory: Directory, id: Tenant['id']): Tenant {
  const tenant = findTenant(directory, id);
  if (tenant === null) throw notFound();
  return tenant;
}

/** There is one as long as anybody can ask. */
export function administrationOf({ administration }: Directory): Administration {
  if (administration === undefined) throw notFound();
  return administration;
}

const visible = ({ tenants, administration }: Directory, standing: Standing): readonly Tenant[] =>
  administration !== undefined && isPlatform(standing, administration) ? tenants : tenants.filter(({ id }) => id === standing.tenant.id);

const listed = {
  method: 'get',
  path: '/admin/api/tenants',
  summary: 'The tenants you administer',
  permission: 'drawbridge:read',
  input: taking({}, {}, nothing),
  output: z.object({ items: z.array(TenantView) }),
} as const;

const one = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}',
  summary: 'One tenant',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, {}, nothing),
  output: TenantView,
} as const;

export const tenantRoutes = ({ directory }: AdminParts): AdminRoute[] => [
  adminRoute(listed)(async (_input, { standing }) => Promise.resolve({ items: visible(directory, standing).map(view) })),
  adminRoute(one)(async ({ path }) => Promise.resolve(view(tenantOf(directory, path.tenant)))),
];
