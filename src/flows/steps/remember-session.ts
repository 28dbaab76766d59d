import { findConnection } from '../../domain/directory.ts';
import type { Directory } from '../../domain/directory.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import type { UserId } from '../../domain/ids.ts';
import { sessionLifetime } from '../../domain/upstream-session.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { UpstreamSessions } from '../../ports/upstream-sessions.ts';

export interface RememberDependencies {
  readonly directory: Directory;
  readonly upstreamSessions: UpstreamSessions;
  readonly clock: Clock;
}

/** Keeps what a sign-in tells of the upstream's session, where somebody will want to know: the connection is asked again, or has spoken before. */
export const rememberSession =
  ({ directory, upstreamSessions, clock }: RememberDependencies) =>
  async (identity: VerifiedIdentity, userId: UserId, log: Log): Promise<void> => {
    const { connectionId, session } = identity;
    const id = identityKey(identity);
    const isAsked = (findConnection(directory, connectionId)?.recheck ?? null) !== null;
    if (!isAsked && (await upstreamSessions.get(id)) === null) return;
    const token = session?.refresh_token ?? null;
    if (isAsked && token === null) {
      log.warn('upstream.no-token', { connection: connectionId, reason: 'it is to be asked again and gave no refresh token' });
    }
    const now = clock.now();
    const facts = { id, userId, connectionId, sid: session?.sid ?? null, stands: true, seenAt: now };
    await upstreamSessions.put({ ...facts, askedUntil: 0, expiresAt: now + sessionLifetime }, isAsked ? token : null);
  };
