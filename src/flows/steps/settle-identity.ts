import type { Directory } from '../../domain/directory.ts';
import { connectionNames } from '../../domain/directory.ts';
import { UserId } from '../../domain/ids.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { HeldRole } from '../../domain/role-mapping.ts';
import type { User } from '../../domain/user.ts';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { Users } from '../../ports/users.ts';
import { resyncRoles } from './resync-roles.ts';
import { takeRoles } from './take-roles.ts';

export interface SettleDependencies {
  readonly directory: Directory;
  readonly users: Users;
  readonly memberships: Memberships;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** Turns an identity into a user with the memberships that the rules give it now; every role it no longer earns through this connection is taken away. */
export const settleIdentity =
  ({ directory, users, memberships, clock, entropy }: SettleDependencies) =>
  async (identity: VerifiedIdentity): Promise<{ user: User; roles: HeldRole[] }> => {
    const { connectionId, subject, groups } = identity;
    // Unknown is not empty: nobody comes in on it and nobody loses a role by it.
    if (groups === null) {
      throw new PageRefusal('groups-unknown', 'the upstream did not say in which groups', connectionNames(directory, connectionId));
    }
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const user = await users.settle(identity, UserId.parse(`u_${entropy.id()}`), clock.now());
      if (user.status !== 'active') throw new PageRefusal('no-access', 'the user is disabled');
      const roles = await resyncRoles({ directory, memberships })(user.id, { connectionId, subject, groups, claims: {} });
      // Whoever has it by now got its roles when it changed hands, and nobody else keeps any.
      if ((await users.identity(identityKey(identity)))?.userId === user.id) return { user, roles };
      await takeRoles({ memberships })(user.id, connectionId);
    }
    throw new StoreUnavailable('an identity kept changing hands while it was being settled');
  };
