import { AdministrationRefused, isPlatform, isWithinReach } from '../domain/administration.ts';
import type { Administration } from '../domain/directory.ts';
import type { RoleId } from '../domain/ids.ts';
import type { Invitation } from '../domain/invitation.ts';
import { advanceInvitation, invitationLifetime, isInvitable, isOpenTo, mostOpen } from '../domain/invitation.ts';
import type { Standing } from '../domain/standing.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Directory } from '../domain/directory.ts';
import type { Invite, InviteDependencies } from './steps/make-invitation.ts';
import { makeInvitation } from './steps/make-invitation.ts';

export interface InviteAdministratorDependencies extends InviteDependencies {
  readonly directory: Directory;
}

/** Who does it, and where. */
export interface Inviting {
  readonly standing: Standing;
  readonly administration: Administration;
  readonly tenant: Tenant;
}

/** The invitations of a tenant, the newest first. */
export const listInvitations =
  ({ invitations }: Pick<InviteDependencies, 'invitations'>) =>
  async ({ id }: Tenant): Promise<Invitation[]> =>
    (await invitations.ofTenant(id)).sort((one, other) => other.createdAt - one.createdAt);

/** Makes a link by which one person gets a role that administers, within what the administrator may give. */
export const inviteAdministrator =
  (dependencies: InviteAdministratorDependencies) =>
  async ({ standing, administration, tenant }: Inviting, roleId: RoleId, expiresAt: number | null): Promise<Invite> => {
    const { directory, invitations, clock } = dependencies;
    const now = clock.now();
    const role = directory.roles.find(({ id }) => id === roleId);
    if (role === undefined) throw new AdministrationRefused('not-found');
    if (!isInvitable(role)) throw new AdministrationRefused('not-administrative');
    const isForAll = isPlatform(standing, administration);
    // Nobody makes what they have last longer than it does.
    if (!isWithinReach(standing, role.permissions, administration) || (!isForAll && standing.endsAt !== null))
      throw new AdministrationRefused('beyond-reach');
    const ends = expiresAt ?? now + invitationLifetime.usual;
    if (ends <= now) throw new AdministrationRefused('over-already');
    if (ends > now + invitationLifetime.most) throw new AdministrationRefused('too-long');
    const open = (await invitations.ofTenant(tenant.id)).filter((each) => isOpenTo(each, null, now));
    if (open.length >= mostOpen) throw new AdministrationRefused('too-many');
    return makeInvitation(dependencies)({ tenant, role, source: 'administrator', by: standing.user.id, expiresAt: ends });
  };

/** Takes an invitation back that nobody has taken. Doing it again changes nothing. */
export const withdrawInvitation =
  (dependencies: InviteDependencies) =>
  async ({ standing, tenant }: Inviting, id: string): Promise<Invitation> => {
    const { invitations, audit } = dependencies;
    const known = await invitations.get(id);
    if (known?.tenantId !== tenant.id) throw new AdministrationRefused('not-found');
    if (known.stage.at === 'withdrawn') return known;
    if (known.stage.at !== 'open') throw new AdministrationRefused('taken-already');
    const about = { tenantId: tenant.id, adminId: standing.user.id, role: known.role };
    await audit.append({ ...about, event: 'invitation.withdrawn', rule: `invitation ${id}` }, 'again');
    const withdrawn = advanceInvitation(known, { at: 'withdrawn' });
    if (!(await invitations.advance(withdrawn))) throw new AdministrationRefused('taken-already');
    return withdrawn;
  };
