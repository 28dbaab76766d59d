import { z } from 'zod';
import type { Grant } from '../../domain/grant.ts';
import { GrantId } from '../../domain/ids.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { Moment, pageOf, paging, tenantInPath } from './shapes.ts';

const GrantView = z.object({
  id: z.string(),
  userId: z.string(),
  connectionId: z.string(),
  client: z.object({ key: z.string().describe('What the app is called in paths.'), name: z.string() }),
  resource: z.string().describe('The server it is for.'),
  scope: z.array(z.string()).describe('What the person approved.'),
  stage: z.enum(['coded', 'live', 'ended']).describe('`coded`: a code is out that is not redeemed yet.'),
  createdAt: Moment,
  usedAt: Moment,
  expiresAt: Moment,
  endedBecause: z.string().nullable(),
});

const view = (grant: Grant): z.infer<typeof GrantView> => ({
  ...grant,
  client: { key: grant.clientKey, name: grant.client_name },
  endedBecause: grant.endedBecause ?? null,
});

const clientKey = z.string().regex(/^[\w-]{43}$/);

const listed = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/grants',
  summary: 'What people of the tenant let apps do',
  permission: 'drawbridge:read',
  input: taking(
    tenantInPath,
    {
      ...paging,
      user: z.string().min(1).max(200).optional().describe('Only of this user.'),
      client: clientKey.optional().describe('Only of this app, by its key.'),
      stage: z.enum(['coded', 'live', 'ended']).optional().describe('Only in this stage.'),
    },
    nothing,
  ),
  output: pageOf(GrantView),
} as const;

const ended = {
  method: 'delete',
  path: '/admin/api/tenants/{tenant}/grants/{grant}',
  summary: 'End a grant: nothing of it works any more',
  permission: 'drawbridge:people',
  input: taking({ ...tenantInPath, grant: GrantId }, {}, nothing),
  output: nothing,
} as const;

type Asked = z.output<(typeof listed.input)['shape']['query']>;

const isMeant = ({ user, client, stage }: Asked, grant: Grant): boolean =>
  (user === undefined || grant.userId === user) &&
  (client === undefined || grant.clientKey === client) &&
  (stage === undefined || grant.stage === stage);

/** Enough rows for one page, or as many as one request may look through. */
const mostSeen = 20_000;

async function onePage({ rows }: AdminParts, tenantId: Parameters<AdminParts['rows']['grants']>[0], asked: Asked) {
  const items: Grant[] = [];
  let [seen, last] = [0, ''];
  for await (const page of rows.grants(tenantId, asked.after ?? '')) {
    for (const grant of page) {
      if (items.length >= asked.limit || seen >= mostSeen) return { items: items.map(view), next: last };
      [seen, last] = [seen + 1, grant.id];
      if (isMeant(asked, grant)) items.push(grant);
    }
  }
  return { items: items.map(view), next: null };
}

export const grantRoutes = (parts: AdminParts): AdminRoute[] => [
  adminRoute(listed)(async ({ path, query }) => onePage(parts, path.tenant, query)),
  adminRoute(ended)(async ({ path }, { standing }) => parts.flows.endTenantGrant(path.tenant, path.grant, standing.user.id)),
];
