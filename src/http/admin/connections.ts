import { z } from 'zod';
import { offeredConnections } from '../../domain/directory.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { tenantInPath } from './shapes.ts';

const ConnectionView = z.object({
  id: z.string(),
  name: z.string(),
  domains: z.array(z.string()).describe('E-mail domains that are said to lead here; each counts once it is proven.'),
  isAskedAgain: z.boolean().describe('Whether the identity provider is asked again after the sign-in.'),
});

const listed = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/connections',
  summary: 'The identity providers through which people can get into the tenant',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, {}, nothing),
  output: z.object({ items: z.array(ConnectionView) }),
} as const;

export const connectionRoutes = ({ directory }: AdminParts): AdminRoute[] => [
  adminRoute(listed)(async ({ path }) => {
    const offered = offeredConnections(directory, path.tenant);
    const items = offered.map(({ id, name, domains, recheck }) => ({ id, name, domains: [...domains], isAskedAgain: recheck !== null }));
    return Promise.resolve({ items });
  }),
];
