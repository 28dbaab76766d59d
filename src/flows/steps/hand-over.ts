import type { Handover } from '../../domain/linking.ts';
import { cameThrough } from '../../domain/linking.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Grants } from '../../ports/grants.ts';
import type { Memberships } from '../../ports/memberships.ts';
import type { UpstreamSessions } from '../../ports/upstream-sessions.ts';
import type { Users } from '../../ports/users.ts';
import type { EndDependencies } from './end-grant.ts';
import { endGrant } from './end-grant.ts';
import { takeRoles } from './take-roles.ts';

export interface HandOverDependencies extends EndDependencies {
  readonly users: Pick<Users, 'forget' | 'handOver'>;
  readonly memberships: Memberships;
  readonly grants: Pick<Grants, 'end' | 'ofUser'>;
  readonly upstreamSessions: Pick<UpstreamSessions, 'handOver'>;
  readonly clock: Clock;
}

/**
 * Makes an identity another user's, and how many grants ended by it. Each part can be done again, so whoever was cut off is finished by
 * the next; the row that says whose the identity is comes last, and until then a sign-in with it is still that of the one it leaves.
 */
export const handOver = (dependencies: HandOverDependencies) => {
  const { users, memberships, grants, upstreamSessions, clock } = dependencies;
  const end = endGrant(dependencies);
  const take = takeRoles(dependencies);

  async function giveRoles({ from, to, connectionId }: Handover): Promise<void> {
    const held = await memberships.ofUser(from);
    for (const { tenantId, roles } of held) {
      const moving = roles.filter((role) => role.connectionId === connectionId);
      if (moving.length > 0) await memberships.resync(tenantId, to, connectionId, moving);
    }
  }

  async function endAll(handover: Handover, because: string): Promise<number> {
    const given = (await grants.ofUser(handover.from)).filter((grant) => grant.stage !== 'ended' && cameThrough(grant, handover));
    return (await Promise.all(given.map((grant) => end(grant, because)))).filter(Boolean).length;
  }

  return async (handover: Handover, { because, keepsRoles }: { because: string; keepsRoles: boolean }): Promise<number> => {
    const { identityId, connectionId, from, to } = handover;
    if (keepsRoles) await giveRoles(handover);
    await take(from, connectionId);
    const before = await endAll(handover, because);
    await upstreamSessions.handOver(identityId, from, to);
    if (!keepsRoles) await users.forget(identityId);
    await users.handOver(identityId, from, to, clock.now());
    // What a sign-in that had begun earlier put back meanwhile; from here on each finds the new owner.
    await take(from, connectionId);
    return before + (await endAll(handover, because));
  };
};
