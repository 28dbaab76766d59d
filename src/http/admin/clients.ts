import { z } from 'zod';
import type { SeenClient } from '../../domain/seen-client.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { Moment, pageOf, paging, tenantInPath } from './shapes.ts';

const clientInPath = {
  client: z
    .string()
    .regex(/^[\w-]{43}$/)
    .describe('The key of the app.'),
};

const ClientView = z.object({
  key: z.string().describe('What the app is called in paths.'),
  clientId: z.string(),
  name: z.string().describe('What it called itself when it was first let in.'),
  status: z.enum(['allowed', 'withdrawn']),
  addedBy: z.string().describe('The user who let it in first.'),
  addedAt: Moment,
  usedAt: Moment.describe('When somebody last let it in.'),
});

const view = ({ id, client_id, client_name, ...rest }: SeenClient): z.infer<typeof ClientView> => ({
  ...rest,
  key: id,
  clientId: client_id,
  name: client_name,
});

const TenantClientView = z.object({
  key: z.string(),
  name: z.string(),
  live: z.int().describe('How many living grants it has here.'),
  grants: z.int(),
});

const inTenant = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/clients',
  summary: 'The apps that people of the tenant let in',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, {}, nothing),
  output: z.object({ items: z.array(TenantClientView) }),
} as const;

const endedInTenant = {
  method: 'post',
  path: '/admin/api/tenants/{tenant}/clients/{client}/end-grants',
  summary: 'End everything an app was granted in the tenant; people can let it in again',
  permission: 'drawbridge:clients',
  input: taking({ ...tenantInPath, ...clientInPath }, {}, nothing),
  output: z.object({ ended: z.int() }),
} as const;

const listed = {
  method: 'get',
  path: '/admin/api/clients',
  summary: 'Every app that anybody let in, in all tenants',
  permission: 'drawbridge:platform',
  input: taking({}, paging, nothing),
  output: pageOf(ClientView),
} as const;

const withdrawn = {
  method: 'post',
  path: '/admin/api/clients/{client}/withdraw',
  summary: 'Keep an app out of every tenant; what it was granted rests',
  permission: 'drawbridge:platform',
  input: taking(clientInPath, {}, nothing),
  output: ClientView,
} as const;

const allowed = { ...withdrawn, path: '/admin/api/clients/{client}/allow', summary: 'Let a withdrawn app in again' } as const;

type Counted = z.infer<typeof TenantClientView>;

async function countByClient({ rows }: AdminParts, tenantId: Parameters<AdminParts['rows']['grants']>[0]): Promise<Counted[]> {
  const counted = new Map<string, Counted>();
  for await (const page of rows.grants(tenantId, '')) {
    for (const { clientKey: key, client_name: name, stage } of page) {
      const { live = 0, grants = 0 } = counted.get(key) ?? {};
      counted.set(key, { key, name, live: live + (stage === 'live' ? 1 : 0), grants: grants + 1 });
    }
  }
  return [...counted.values()];
}

export const clientRoutes = (parts: AdminParts): AdminRoute[] => {
  const { flows, seenClients } = parts;
  return [
    adminRoute(inTenant)(async ({ path }) => ({ items: await countByClient(parts, path.tenant) })),
    adminRoute(endedInTenant)(async ({ path }, { standing }) => ({
      ended: await flows.endClientGrants(path.tenant, path.client, standing.user.id),
    })),
    adminRoute(listed)(async ({ query: { after = '', limit } }) => {
      const clients = await seenClients.page({ after, limit: limit + 1 });
      const items = clients.slice(0, limit);
      return { items: items.map(view), next: clients.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
    adminRoute(withdrawn)(async ({ path }, { standing }) => view(await flows.decideClient(path.client, 'withdrawn', standing.user.id))),
    adminRoute(allowed)(async ({ path }, { standing }) => view(await flows.decideClient(path.client, 'allowed', standing.user.id))),
  ];
};
