import type { Directory } from '../../domain/directory.ts';
import { heldRoles, permissionsOf, rolesOf } from '../../domain/held-roles.ts';
import type { UserId } from '../../domain/ids.ts';
import type { HeldRole } from '../../domain/role-mapping.ts';
import type { Membership, Tenant } from '../../domain/tenant.ts';
import type { Identity, User } from '../../domain/user.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { Users } from '../../ports/users.ts';
import { allAsTold } from './as-told.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';

export interface MemberDependencies extends ProvisionedGroupsDependencies {
  readonly directory: Directory;
  readonly users: Pick<Users, 'get' | 'identitiesOf'>;
  readonly memberships: Pick<Memberships, 'get' | 'ofUser'>;
  readonly clock: Clock;
}

/** Somebody as a tenant sees them: what they have there, by which of their sign-ins, and nothing of what they are elsewhere. */
export interface Member {
  readonly user: User;
  /** Those of their sign-ins by which they have a role here. */
  readonly identities: readonly Identity[];
  readonly roles: readonly HeldRole[];
  /** The version of what was assigned by hand; 0 where nothing ever was. */
  readonly version: number;
}

/** Whether somebody belongs to the tenant: a role decides, disabled or not. */
export const belongs = ({ roles }: Member): boolean => roles.length > 0;

/** What somebody may do in a tenant by all their sign-ins together: what whoever changes something about them must not exceed. */
export const mayDo = ({ roles }: Pick<Member, 'roles'>, directory: Pick<Directory, 'roles'>): string[] =>
  permissionsOf(rolesOf(roles, directory.roles));

export function memberFrom(tenant: Tenant, user: User, known: readonly Identity[], assigned: Membership | null, now: number): Member {
  const through = known.map((identity) => ({ identity, roles: heldRoles(tenant, identity, assigned, now) }));
  const here = through.filter(({ roles }) => roles.length > 0);
  // Two sign-ins at one connection hold what was assigned through it together.
  const once = new Map(here.flatMap(({ roles }) => roles.map((held) => [JSON.stringify(held), held] as const)));
  return { user, identities: here.map(({ identity }) => identity), roles: [...once.values()], version: assigned?.version ?? 0 };
}

/** Somebody in a tenant, whether or not they belong to it; null when nobody is called so. */
export const memberOf =
  (dependencies: MemberDependencies) =>
  async (tenant: Tenant, userId: UserId): Promise<Member | null> => {
    const { users, memberships, clock } = dependencies;
    const [user, known, assigned] = await Promise.all([users.get(userId), users.identitiesOf(userId), memberships.get(tenant.id, userId)]);
    return user === null ? null : memberFrom(tenant, user, await allAsTold(dependencies)(known), assigned, clock.now());
  };
