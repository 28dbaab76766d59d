import { z } from 'zod';
import { isAdministratorRole } from '../../domain/administration.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';

const RoleView = z.object({
  id: z.string(),
  name: z.string(),
  permissions: z.array(z.string()),
  administers: z.boolean().describe('Whether it holds a permission that begins with `drawbridge:`.'),
});

const listed = {
  method: 'get',
  path: '/admin/api/roles',
  summary: 'What people can be, in every tenant',
  permission: 'drawbridge:read',
  input: taking({}, {}, nothing),
  output: z.object({ items: z.array(RoleView) }),
} as const;

export const roleRoutes = ({ directory }: AdminParts): AdminRoute[] => [
  adminRoute(listed)(async () => {
    const items = directory.roles.map((role) => ({ ...role, permissions: [...role.permissions], administers: isAdministratorRole(role) }));
    return Promise.resolve({ items });
  }),
];
