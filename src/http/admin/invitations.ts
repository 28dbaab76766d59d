import { z } from 'zod';
import { invitationLink } from '../../domain/console.ts';
import { RoleId } from '../../domain/ids.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Invitation } from '../../domain/invitation.ts';
import type { AdminRequest, AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { Moment, tenantInPath } from './shapes.ts';
import { administrationOf, tenantOf } from './tenants.ts';

const InvitationView = z.object({
  id: z.string(),
  role: z.string().describe('The role whoever takes it gets.'),
  source: z
    .enum(['start', 'operator', 'administrator'])
    .describe('Who made it: a start where nobody administered, whoever runs the machine, or an administrator.'),
  by: z.string().nullable().describe('The administrator who made it.'),
  state: z.enum(['open', 'taken', 'held', 'withdrawn']).describe('`taken`: somebody pressed and does not have the role yet.'),
  userId: z.string().nullable().describe('Who took it.'),
  createdAt: Moment,
  expiresAt: Moment.describe('Until when it can be taken; some time after, it is gone from here.'),
});

const view = ({ stage, tenantId: _tenant, key: _key, version: _version, ...rest }: Invitation): z.infer<typeof InvitationView> => ({
  ...rest,
  state: stage.at,
  userId: 'userId' in stage ? stage.userId : null,
});

const path = '/admin/api/tenants/{tenant}/invitations';

const listed = {
  method: 'get',
  path,
  summary: 'Links by which somebody may become an administrator of the tenant, the newest first',
  permission: 'drawbridge:people',
  input: taking(tenantInPath, {}, nothing),
  output: z.object({ items: z.array(InvitationView) }),
} as const;

const made = {
  method: 'post',
  path,
  summary: 'Make a link by which one person gets a role that administers',
  permission: 'drawbridge:people',
  input: taking(
    tenantInPath,
    {},
    z.strictObject({
      role: RoleId.describe('A role that administers, and allows no more than your own.'),
      expiresAt: Moment.positive()
        .nullable()
        .default(null)
        .describe('Until when it can be taken, fourteen days ahead at most; null for three days.'),
    }),
  ),
  output: InvitationView.extend({ link: z.string().describe('The link. It is told this once.') }),
} as const;

const withdrawn = {
  method: 'delete',
  path: `${path}/{invitation}`,
  summary: 'Take an invitation back that nobody has taken',
  permission: 'drawbridge:people',
  input: taking({ ...tenantInPath, invitation: z.string().min(1).max(100).describe('The id of the invitation.') }, {}, nothing),
  output: InvitationView,
} as const;

export function invitationRoutes({ directory, flows }: AdminParts): AdminRoute[] {
  const inviting = (tenant: TenantId, { standing }: AdminRequest) => ({
    standing,
    administration: administrationOf(directory),
    tenant: tenantOf(directory, tenant),
  });
  return [
    adminRoute(listed)(async ({ path: { tenant } }) => ({ items: (await flows.listInvitations(tenantOf(directory, tenant))).map(view) })),
    adminRoute(made)(async ({ path: { tenant }, body: { role, expiresAt } }, request) => {
      const { invitation, ticket } = await flows.inviteAdministrator(inviting(tenant, request), role, expiresAt);
      return { ...view(invitation), link: invitationLink(directory.issuer, ticket) };
    }),
    adminRoute(withdrawn)(async ({ path: { tenant, invitation } }, request) =>
      view(await flows.withdrawInvitation(inviting(tenant, request), invitation)),
    ),
  ];
}
