import type { Directory } from '../../domain/directory.ts';
import { connectionNames } from '../../domain/directory.ts';
import { UserId } from '../../domain/ids.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { heldRoles } from '../../domain/held-roles.ts';
import { claimsFor, pointersOf } from '../../domain/rule-claims.ts';
import type { HeldRole } from '../../domain/role-mapping.ts';
import type { User } from '../../domain/user.ts';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { Users } from '../../ports/users.ts';
import type { NewcomerDependencies } from './admit-newcomer.ts';
import { admitNewcomer } from './admit-newcomer.ts';
import { withGroups } from './identity-of.ts';
import { lastKnownFor } from './last-known.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';
import { provisionedGroupsOf } from './provisioned-groups.ts';

export interface SettleDependencies extends ProvisionedGroupsDependencies, NewcomerDependencies {
  readonly directory: Directory;
  readonly users: Users;
  readonly memberships: Memberships;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export interface Settled {
  readonly user: User;
  readonly roles: HeldRole[];
  /** How old (ms) the groups are that were gone by; absent when they were told now. */
  readonly groupsAge?: number;
}

/** Turns an identity into a user, of whom is known from now on what the connection says now, and tells the roles that follow from it in all tenants. */
export const settleIdentity =
  (dependencies: SettleDependencies) =>
  async (identity: VerifiedIdentity): Promise<Settled> => {
    const { directory, users, memberships, clock, entropy } = dependencies;
    const { connectionId, said } = identity;
    const provisioned = await provisionedGroupsOf(dependencies)(connectionId, identityKey(identity));
    if (provisioned === null)
      throw new PageRefusal('no-access', 'not provisioned, or not active', connectionNames(directory, connectionId));
    // Whoever was put in groups beforehand is in those, whatever the token does not tell.
    const groups = identity.groups ?? (provisioned.length > 0 ? [] : null);
    const claims = claimsFor(pointersOf(directory.tenants), said);
    const told = groups === null ? { claims } : { claims, groups: [...groups] };
    const age = groups === null ? { groupsAge: await lastKnownFor({ directory, users, clock })(identity) } : {};
    const place = await admitNewcomer(dependencies)(identity, { groups: groups === null ? null : [...groups, ...provisioned], claims });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const candidate = UserId.parse(`u_${entropy.id()}`);
      const { user, identity: settled } = await users.settle(identity, told, candidate, clock.now());
      // Somebody else was quicker with the same sign-in.
      if (attempt === 0 && settled.userId !== candidate) await place.release();
      if (user.status !== 'active') throw new PageRefusal('no-access', 'the user is disabled');
      const assigned = await memberships.ofUser(user.id);
      // Whoever has it by now is settled instead.
      if ((await users.identity(identityKey(identity)))?.userId !== user.id) continue;
      const roles = directory.tenants.flatMap((tenant) =>
        heldRoles(tenant, withGroups(settled, provisioned), assigned.find(({ tenantId }) => tenantId === tenant.id) ?? null, clock.now()),
      );
      return { user, roles, ...age };
    }
    throw new StoreUnavailable('an identity kept changing hands while it was being settled');
  };
