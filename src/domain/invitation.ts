import { z } from 'zod';
import { isAdministratorRole } from './administration.ts';
import { isAdministrative } from './administrator-role.ts';
import type { Directory } from './directory.ts';
import { ConnectionId, RoleId, TenantId, UserId } from './ids.ts';
import type { Role } from './resource.ts';
import type { HeldRole } from './role-mapping.ts';
import type { Tenant } from './tenant.ts';

/** How long the link of a start works (ms): it is printed where an operator looks on. */
export const startLifetime = 3_600_000;
/** How long any other works unless it is said (ms), and at most. */
export const invitationLifetime = { usual: 3 * 86_400_000, most: 14 * 86_400_000 } as const;

/** How many of a tenant can be open at once. */
export const mostOpen = 50;

/** What makes somebody an administrator: whoever has its link, signs in and says yes holds the role from then on. */
export const Invitation = z.object({
  id: z.string(),
  /** Counts changes: a writer names the version it read, so of two at once one wins. */
  version: z.number(),
  tenantId: TenantId,
  role: RoleId,
  /** Whose power it stands on: a start where nobody administers, whoever runs the machine, or an administrator. */
  source: z.enum(['start', 'operator', 'administrator']),
  /** The administrator. */
  by: UserId.nullable(),
  /** Stands in the link: an older link of the same row leads nowhere. */
  key: z.string(),
  stage: z.discriminatedUnion('at', [
    z.object({ at: z.literal('open') }),
    /** One user alone goes on. */
    z.object({ at: z.literal('taken'), userId: UserId, connectionId: ConnectionId }),
    /** The role is theirs. */
    z.object({ at: z.literal('held'), userId: UserId, connectionId: ConnectionId }),
    z.object({ at: z.literal('withdrawn') }),
  ]),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type Invitation = z.infer<typeof Invitation>;

/** What a link carries, sealed. */
export const InvitationTicket = z.object({ id: z.string(), key: z.string() });
export type InvitationTicket = z.infer<typeof InvitationTicket>;

/** The one invitation a start makes for a tenant. */
export const startInvitationId = (tenantId: TenantId): string => `start:${tenantId}`;

/** Moves to another stage; the store writes it only over the version it was made from. */
export const advanceInvitation = (invitation: Invitation, stage: Invitation['stage']): Invitation => ({
  ...invitation,
  version: invitation.version + 1,
  stage,
});

/** Whether this user, or while it is null anybody, can still say yes. */
export function isOpenTo({ stage, expiresAt }: Invitation, userId: UserId | null, now: number): boolean {
  if (now >= expiresAt) return false;
  return stage.at === 'open' || (stage.at === 'taken' && stage.userId === userId);
}

/** What whoever says yes is given, for whenever they come through this connection. */
export const invitedRole = ({ role, source, by }: Invitation, connectionId: ConnectionId): HeldRole => ({
  role,
  connectionId,
  rule:
    source === 'administrator'
      ? `invited by ${by ?? 'somebody'}`
      : source === 'start'
        ? 'invited by the first start'
        : 'invited by an operator',
  source: 'assigned',
});

/** Whether a role lets somebody administer at all: to others nobody is invited. */
export const isInvitable = ({ permissions }: Role): boolean =>
  permissions.includes('drawbridge:read') && permissions.some((permission) => isAdministrative(permission));

/** Whether rules, or being named, can make an administrator of a tenant: then nobody has to be invited. */
export function canGetAdministrators({ rules, members, defaultRole }: Tenant, roles: readonly Role[]): boolean {
  const given = new Set([...rules, ...members].map(({ role }) => role));
  return roles.some((role) => isAdministratorRole(role) && (given.has(role.id) || defaultRole === role.id));
}

/** Where the first administrator is missing: the tenant that looks after all, or the only one there is. Null where that is not to be told. */
export function firstTenant({ administration, tenants }: Pick<Directory, 'administration' | 'tenants'>): Tenant | null {
  if (administration === undefined) return null;
  const { platformTenant } = administration;
  if (platformTenant !== null) return tenants.find(({ id }) => id === platformTenant) ?? null;
  return tenants.length === 1 ? (tenants[0] ?? null) : null;
}

/** The role of a first administrator: one that looks after all tenants where that counts, else the one that allows most. */
export function firstRole(directory: Pick<Directory, 'administration' | 'roles'>, tenant: Tenant): Role | null {
  const able = directory.roles.filter((role) => isInvitable(role) && isAdministratorRole(role));
  const weight = ({ permissions }: Role) => {
    const isPlatform = tenant.id === directory.administration?.platformTenant && permissions.includes('drawbridge:platform');
    return (isPlatform ? 1_000 : 0) + permissions.filter(isAdministrative).length;
  };
  return able.reduce<Role | null>((best, role) => (best === null || weight(role) > weight(best) ? role : best), null);
}
