import { sha256 } from '../domain/digest.ts';
import { findConnection } from '../domain/directory.ts';
import { identityKey } from '../domain/identity.ts';
import type { ConnectionId, UserId } from '../domain/ids.ts';
import { sessionLifetime, sidKey } from '../domain/upstream-session.ts';
import type { SignOut } from '../ports/connector.ts';
import type { Log } from '../ports/log.ts';
import type { Users } from '../ports/users.ts';
import type { EndSessionDependencies } from './steps/end-session.ts';
import { endSession } from './steps/end-session.ts';
import type { RememberDependencies } from './steps/remember-session.ts';

export interface SignOutDependencies extends RememberDependencies, EndSessionDependencies {
  readonly users: Pick<Users, 'identity'>;
}

export interface SignOutSignal extends SignOut {
  readonly connectionId: ConnectionId;
  readonly log: Log;
}

/**
 * Ends what came of a sign-in because its upstream says that it is over: one session of it, or all of the person's. A signal is delivered
 * until it is answered, so what counts is when it came first: whoever has signed in since stays. How many grants ended.
 */
export const endUpstreamSession = (dependencies: SignOutDependencies) => {
  const { directory, upstreamSessions, users, clock } = dependencies;
  const end = endSession(dependencies);

  /** Nothing more is got with what the session left us, unless somebody has signed in since. */
  async function close(id: string, { connectionId, sid }: SignOutSignal, userId: UserId, until: number) {
    const session = await upstreamSessions.get(id);
    if (session !== null && (session.seenAt > until || (sid !== null && session.sid !== null && session.sid !== sid))) return;
    const over = { sid, stands: false, askedUntil: 0, expiresAt: clock.now() + sessionLifetime };
    await upstreamSessions.put({ id, userId, connectionId, seenAt: session?.seenAt ?? 0, ...over }, null);
  }

  return async (signal: SignOutSignal): Promise<number> => {
    const { connectionId, issuer, subject, sid, jti, log } = signal;
    if (findConnection(directory, connectionId) === null) return 0;
    const until = await upstreamSessions.firstHeard(sha256(JSON.stringify([connectionId, issuer, jti])), clock.now());
    const id = subject === null ? null : identityKey({ connectionId, issuer, subject });
    const userId = id === null ? null : ((await users.identity(id))?.userId ?? null);
    if (id !== null && userId !== null) await close(id, signal, userId, until);
    const key = sid === null ? null : sidKey(connectionId, sid);
    const ended = await end({ connectionId, userId, sidKey: key, until }, 'signed out at the identity provider');
    log.info('upstream.signed-out', {
      connection: connectionId,
      ...(userId === null ? {} : { user: userId }),
      reason: `${ended} grants ended`,
    });
    return ended;
  };
};
