import { z } from 'zod';
import type { TenantPreview } from '../../domain/access-preview.ts';
import { ConnectionId, UserId } from '../../domain/ids.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { administrationOf, tenantOf } from './tenants.ts';
import { Moment, tenantInPath } from './shapes.ts';

const few = z.string().min(1).max(300);

const Imagined = z.strictObject({
  connection: ConnectionId.describe('Through which connection they come.'),
  subject: few.default('nobody').describe('Their `sub` there.'),
  groups: z
    .array(few)
    .max(2000)
    .nullable()
    .default(null)
    .describe('Their groups; null where nothing is said of them, which is not the same as none.'),
  claims: z.record(few, z.array(few).max(100)).default({}).describe('What claims say, by JSON Pointer. RFC 6901.'),
});

const AccessView = z.object({
  roles: z
    .array(z.object({ role: z.string(), rule: z.string(), expiresAt: Moment.nullable() }))
    .describe('With the rule that gives each; a group whose name is known stands there as `Name (id)`.'),
  denied: z.array(z.object({ role: z.string(), rule: z.string() })),
  trace: z
    .array(z.object({ rule: z.int(), fits: z.enum(['yes', 'no', 'unknown']), because: z.string() }))
    .describe('Every rule, from 1, with whether it fits and why.'),
  permissions: z.array(z.string()),
  isAdministrator: z.boolean(),
  resources: z.array(
    z.object({
      resource: z.string(),
      scopes: z.array(z.string()),
      tools: z.array(z.string()),
      ownTools: z.array(z.string()).describe('Those of the tools that they can use only on what is theirs.'),
    }),
  ),
});

const view = ({ roles, denied, trace, access }: TenantPreview): z.infer<typeof AccessView> => ({
  roles: roles.map(({ role, rule, expiresAt }) => ({ role, rule, expiresAt: expiresAt ?? null })),
  denied: [...denied],
  trace: [...trace],
  permissions: [...access.permissions],
  isAdministrator: access.isAdministrator,
  resources: access.resources.map(({ resource, scopes, tools, ownTools }) => ({
    resource,
    scopes: [...scopes],
    tools: [...tools],
    ownTools: [...ownTools],
  })),
});

const tried = {
  method: 'post',
  path: '/admin/api/tenants/{tenant}/lab',
  summary: 'What the rules in force make of somebody: a person of the tenant, or a list of groups and claims. Nothing is changed',
  permission: 'drawbridge:read',
  input: taking(
    tenantInPath,
    {},
    z.union([z.strictObject({ user: UserId.describe('A person of the tenant, by id.') }), z.strictObject({ imagined: Imagined })]),
  ),
  output: z.object({ items: z.array(AccessView).describe('One for each sign-in that leads here.') }),
} as const;

export const labRoutes = ({ directory, flows }: AdminParts): AdminRoute[] => [
  adminRoute(tried)(async ({ path, body }, { standing }) => {
    const tenant = tenantOf(directory, path.tenant);
    if ('user' in body) {
      const sought = { standing, administration: administrationOf(directory), tenant, userId: body.user };
      return { items: (await flows.tryMember(sought)).map(view) };
    }
    const { connection, ...said } = body.imagined;
    return { items: (await flows.tryImagined(tenant, { ...said, connectionId: connection })).map(view) };
  }),
];
