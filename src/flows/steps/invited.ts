import { isPlatform, isWithinReach } from '../../domain/administration.ts';
import { sameText } from '../../domain/digest.ts';
import { findTenant } from '../../domain/directory.ts';
import type { UserId } from '../../domain/ids.ts';
import type { Invitation, InvitationTicket } from '../../domain/invitation.ts';
import { canGetAdministrators, isInvitable, isOpenTo } from '../../domain/invitation.ts';
import type { Role } from '../../domain/resource.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Invitations } from '../../ports/invitations.ts';
import type { PolicyInForce } from '../../ports/policy-in-force.ts';
import type { Member } from './member-of.ts';
import { mayDo, memberOf } from './member-of.ts';
import type { OtherAdministratorsDependencies } from './other-administrators.ts';
import { hasOtherAdministrator } from './other-administrators.ts';

export interface InvitedDependencies extends OtherAdministratorsDependencies {
  readonly invitations: Invitations;
  readonly policy: PolicyInForce;
}

/** An invitation that can be taken now, with what it comes to. */
export interface OpenInvitation {
  readonly invitation: Invitation;
  readonly tenant: Tenant;
  readonly role: Role;
  /** The administrator it comes from; null where it comes from the machine. */
  readonly inviter: Member | null;
}

/** Whether nobody administers a tenant and its rules make nobody do so. */
export const isUnadministered =
  (dependencies: OtherAdministratorsDependencies) =>
  async (tenant: Tenant, except: UserId | null): Promise<boolean> =>
    !canGetAdministrators(tenant, dependencies.directory.roles) && !(await hasOtherAdministrator(dependencies)(tenant, except));

/** Whether somebody may give this role in this tenant now; null when they may not, whatever they could when they invited. */
async function powerOf(dependencies: InvitedDependencies, by: UserId, tenant: Tenant, role: Role): Promise<Member | null> {
  const { directory } = dependencies;
  const { administration } = directory;
  if (administration === undefined) return null;
  const platform = administration.platformTenant === null ? null : findTenant(directory, administration.platformTenant);
  for (const place of [tenant, ...(platform === null ? [] : [platform])]) {
    const member = place.isSuspended === true ? null : await memberOf(dependencies)(place, by);
    if (member?.user.status !== 'active') continue;
    const administrator = { tenant: place, permissions: mayDo(member, directory) };
    if (isPlatform(administrator, administration)) return member;
    const isTheirs = place.id === tenant.id && administrator.permissions.includes('drawbridge:people');
    if (isTheirs && isWithinReach(administrator, role.permissions, administration)) return member;
  }
  return null;
}

/** The invitation of a link as long as this user, or while it is null anybody, can take it: a link of before is none; whose power it stands on is asked again every time. */
export const openInvitation =
  (dependencies: InvitedDependencies) =>
  async ({ id, key }: InvitationTicket, userId: UserId | null): Promise<OpenInvitation | null> => {
    const { directory, invitations, clock, policy } = dependencies;
    const [invitation] = await Promise.all([invitations.get(id), policy.fresh()]);
    if (invitation === null || !sameText(invitation.key, key) || !isOpenTo(invitation, userId, clock.now())) return null;
    const tenant = findTenant(directory, invitation.tenantId);
    const role = directory.roles.find((each) => each.id === invitation.role);
    if (tenant === null || tenant.isSuspended === true || role === undefined || !isInvitable(role)) return null;
    const found = { invitation, tenant, role, inviter: null };
    if (invitation.source === 'operator') return found;
    if (invitation.source === 'start') return (await isUnadministered(dependencies)(tenant, userId)) ? found : null;
    const inviter = invitation.by === null ? null : await powerOf(dependencies, invitation.by, tenant, role);
    return inviter === null ? null : { ...found, inviter };
  };
