import type { Directory } from '../../domain/directory.ts';
import { connectionNames, findConnection } from '../../domain/directory.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { RecheckPolicy } from '../../domain/upstream-session.ts';
import { isWithinGrace } from '../../domain/upstream-session.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Users } from '../../ports/users.ts';

export interface LastKnownDependencies {
  readonly directory: Directory;
  readonly users: Users;
  readonly clock: Clock;
}

/**
 * For how long (ms) the connection has told nothing of somebody whose groups it does not tell now, where it may be gone by what it told last.
 * Throws otherwise: unknown is not empty, nobody comes in on it and nobody loses a role by it.
 */
export const lastKnownFor =
  ({ directory, users, clock }: LastKnownDependencies) =>
  async (identity: VerifiedIdentity): Promise<number> => {
    const { connectionId, whyUnknown = 'the upstream did not say in which groups' } = identity;
    const bound = findConnection(directory, connectionId)?.lastKnownFor ?? 0;
    const row = bound === 0 ? null : await users.identity(identityKey(identity));
    const age = row?.known === undefined ? Infinity : clock.now() - (row.groupsAt ?? row.knownAt ?? 0);
    // What was told by a clock ahead of ours is as new as can be.
    if (age <= bound) return Math.max(0, age);
    throw new PageRefusal('groups-unknown', whyUnknown, connectionNames(directory, connectionId));
  };

/**
 * Whether what was told then (ms) may still be gone by at a re-check that does not tell it: for as long as at a sign-in where the connection
 * says for how long that is, else for as long as an upstream may fail to answer.
 */
export const isYoungEnough =
  ({ directory, clock }: Pick<LastKnownDependencies, 'directory' | 'clock'>) =>
  (toldAt: number, connectionId: ConnectionId, policy: RecheckPolicy): boolean => {
    const bound = findConnection(directory, connectionId)?.lastKnownFor;
    return bound === undefined ? isWithinGrace(toldAt, policy, clock.now()) : clock.now() - toldAt <= bound;
  };
