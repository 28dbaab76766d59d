import { z } from 'zod';
import { ConnectionId, RoleId, UserId } from '../../domain/ids.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { AdminRequest, AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { Moment, pageOf, paging, tenantInPath } from './shapes.ts';
import { administrationOf, tenantOf } from './tenants.ts';

const HeldRoleView = z.object({
  role: z.string(),
  connectionId: z.string().describe('It counts for whoever comes through this connection.'),
  source: z.enum(['rule', 'named', 'default', 'assigned', 'before']).describe('What gave it; `before`: from before roles were computed.'),
  rule: z.string().describe('Why they have it, in words.'),
  expiresAt: Moment.nullable().describe('When it ends by itself; null when it does not.'),
});

const MemberView = z.object({
  userId: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  status: z.enum(['active', 'disabled']),
  seenAt: Moment.describe('When they last signed in.'),
  identities: z.array(
    z.object({
      connectionId: z.string(),
      subject: z.string().describe('Their `sub` there.'),
      knownAt: Moment.nullable().describe('When the connection last said what rules go by.'),
    }),
  ),
  roles: z.array(HeldRoleView),
  version: z.int().describe('Counts the changes made by hand; the `ETag`.'),
});

type Member = NonNullable<Awaited<ReturnType<AdminParts['flows']['memberOf']>>>;

const view = ({ user, identities, roles, version }: Member): z.infer<typeof MemberView> => ({
  userId: user.id,
  name: user.name,
  email: user.email,
  status: user.status,
  seenAt: user.seenAt,
  identities: identities.map(({ connectionId, subject, knownAt }) => ({ connectionId, subject, knownAt: knownAt ?? null })),
  roles: roles.map(({ source, expiresAt, ...held }) => ({ ...held, source: source ?? 'before', expiresAt: expiresAt ?? null })),
  version,
});

const memberPath = '/admin/api/tenants/{tenant}/members/{user}';
const memberInPath = { ...tenantInPath, user: UserId.describe('The id of the person.') };
const roleInPath = { ...memberInPath, role: RoleId.describe('The id of the role.') };

const listed = {
  method: 'get',
  path: '/admin/api/tenants/{tenant}/members',
  summary: 'The people of the tenant, and why each has which role',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, { ...paging, role: RoleId.optional().describe('Only people who have it.') }, nothing),
  output: pageOf(MemberView),
} as const;

const one = {
  method: 'get',
  path: memberPath,
  summary: 'One person of the tenant',
  permission: 'drawbridge:read',
  input: taking(memberInPath, {}, nothing),
  output: MemberView,
  version: 'version',
} as const;

const assigned = {
  method: 'put',
  path: `${memberPath}/roles/{role}`,
  summary: 'Give a role by hand, beside what the rules give',
  permission: 'drawbridge:people',
  input: taking(
    roleInPath,
    {},
    z.strictObject({
      connection: ConnectionId.describe('It counts for them when they come through this connection.'),
      expiresAt: Moment.positive().nullable().default(null).describe('When it ends by itself, in ms since the epoch.'),
    }),
  ),
  output: MemberView,
  version: 'version',
} as const;

const taken = {
  method: 'delete',
  path: `${memberPath}/roles/{role}`,
  summary: 'Take back a role that was given by hand',
  permission: 'drawbridge:people',
  input: taking(roleInPath, {}, nothing),
  output: MemberView,
  version: 'version',
} as const;

const disabled = {
  method: 'post',
  path: `${memberPath}/disable`,
  summary: 'Keep somebody out; everything they let apps do ends',
  permission: 'drawbridge:people',
  input: taking(memberInPath, {}, nothing),
  output: MemberView,
} as const;

const enabled = { ...disabled, path: `${memberPath}/enable`, summary: 'Let somebody in again; what ended stays ended' } as const;

export function memberRoutes({ directory, flows }: AdminParts): AdminRoute[] {
  const sought = ({ tenant, user }: { tenant: TenantId; user: UserId }, { standing }: AdminRequest) => ({
    standing,
    administration: administrationOf(directory),
    tenant: tenantOf(directory, tenant),
    userId: user,
  });
  const change = (path: { tenant: TenantId; user: UserId; role: RoleId }, request: AdminRequest) => ({
    ...sought(path, request),
    role: path.role,
    ifVersion: request.ifMatch,
  });
  return [
    adminRoute(listed)(async ({ path, query: { after = '', limit, role = null } }) => {
      const { members, next } = await flows.listMembers(tenantOf(directory, path.tenant), { after, most: limit, role });
      return { items: members.map(view), next };
    }),
    adminRoute(one)(async ({ path }, request) => view(await flows.memberOf(sought(path, request)))),
    adminRoute(assigned)(async ({ path, body: { connection, expiresAt } }, request) =>
      view(await flows.assignRole(change(path, request), { connectionId: connection, expiresAt })),
    ),
    adminRoute(taken)(async ({ path }, request) => view(await flows.takeRole(change(path, request)))),
    adminRoute(disabled)(async ({ path }, request) => view(await flows.decideUser(sought(path, request), 'disabled'))),
    adminRoute(enabled)(async ({ path }, request) => view(await flows.decideUser(sought(path, request), 'active'))),
  ];
}
