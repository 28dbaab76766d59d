import type { Directory } from '../../domain/directory.ts';
import { findConnection, findTenant } from '../../domain/directory.ts';
import type { Grant } from '../../domain/grant.ts';
import { isLive } from '../../domain/grant.ts';
import { ClientId } from '../../domain/ids.ts';
import type { Standing } from '../../domain/standing.ts';
import { firstEnd, heldRoles, permissionsOf, rolesOf } from '../../domain/held-roles.ts';
import { toldLast } from '../../domain/told.ts';
import { satisfies, strictest } from '../../domain/assurance-demand.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Grants } from '../../ports/grants.ts';
import type { LiveAuthority } from '../../ports/live-authority.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { PolicyInForce } from '../../ports/policy-in-force.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';
import type { Users } from '../../ports/users.ts';
import type { IdentityDependencies } from './identity-of.ts';
import { identityOf } from './identity-of.ts';

export interface StandingDependencies extends IdentityDependencies {
  readonly directory: Directory;
  readonly grants: Grants;
  readonly users: Users;
  readonly memberships: Memberships;
  readonly seenClients: SeenClients;
  readonly clock: Clock;
  readonly policy: PolicyInForce;
}

/** What a grant amounts to now, apart from its own stage: every administrative fact behind it is read again. */
export const standingOf =
  ({ directory, policy, users, provisionedUsers, memberships, seenClients, clock }: Omit<StandingDependencies, 'grants'>) =>
  async (grant: Grant): Promise<Standing | null> => {
    await policy.fresh();
    const tenant = findTenant(directory, grant.tenantId);
    if (tenant === null || tenant.isSuspended === true || findConnection(directory, grant.connectionId) === null) return null;
    const resource = directory.addresses.get(grant.resource);
    if (resource === undefined || (resource.onlyTenant ?? grant.tenantId) !== grant.tenantId) return null;
    const [user, identity, membership, client] = await Promise.all([
      users.get(grant.userId),
      identityOf({ directory, users, provisionedUsers })(grant),
      memberships.get(grant.tenantId, grant.userId),
      seenClients.get(grant.client_id),
    ]);
    if (user === null || user.status !== 'active' || identity === null || client?.status === 'withdrawn') return null;
    const held = heldRoles(tenant, identity, membership, clock.now());
    const roles = rolesOf(held, directory.roles);
    const toldAt = toldLast(identity);
    if (roles.length === 0) return null;
    return {
      grantId: grant.id,
      identityId: identity.id,
      client: { id: ClientId.parse(grant.client_id), name: grant.client_name },
      user: { id: user.id, name: user.name, email: user.email },
      tenant: { id: tenant.id, name: tenant.name },
      roles: roles.map(({ id, name }) => ({ id, name })),
      endsAt: firstEnd(held),
      ...(toldAt === null ? {} : { toldAt }),
      permissions: permissionsOf(roles),
      resource: grant.resource,
      scope: grant.scope,
      assurance: grant.assurance,
      demand: strictest(tenant.demand, resource.demand),
    };
  };

/** The standing that tokens may be issued for: tenant and resource may have begun to demand more since the person signed in, or the sign-in has become too old. */
export const provenStanding =
  (dependencies: Omit<StandingDependencies, 'grants'>) =>
  async (grant: Grant): Promise<Standing | null> => {
    const standing = await standingOf(dependencies)(grant);
    return standing !== null && satisfies(standing.assurance, standing.demand, dependencies.clock.now()) ? standing : null;
  };

/** The authority the gateway asks on every request. */
export const liveAuthority = (dependencies: StandingDependencies): LiveAuthority => ({
  standing: async (grantId) => {
    const grant = await dependencies.grants.get(grantId);
    return grant === null || !isLive(grant, dependencies.clock.now()) ? null : standingOf(dependencies)(grant);
  },
});
