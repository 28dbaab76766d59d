import type { UpstreamSession } from '../../domain/upstream-session.ts';
import { isWithinGrace } from '../../domain/upstream-session.ts';
import type { Rechecked } from '../../ports/connector.ts';
import type { Users } from '../../ports/users.ts';
import type { EndSessionDependencies } from './end-session.ts';
import { endSession } from './end-session.ts';
import type { AskedAbout, Presence, SessionStandsDependencies } from './session-stands.ts';
import { restFor, sessionStands } from './session-stands.ts';

export interface ConcludeDependencies extends SessionStandsDependencies, EndSessionDependencies {
  readonly users: Pick<Users, 'identity' | 'learn'>;
}

export const words = {
  over: 'the sign-in is over at the identity provider',
  'must-sign-in': 'the identity provider wants a new sign-in',
  unexplained: 'the identity provider no longer renews the sign-in, and does not say why',
} as const;

/** Ends everything of a session whose upstream said that it is over. */
export const endOver = (dependencies: ConcludeDependencies) => {
  const end = endSession(dependencies);
  return async ({ id, connectionId, ...session }: UpstreamSession, because: string): Promise<Presence> => {
    // The identity's own row says whose it is, whatever the session's was written with.
    const userId = (await dependencies.users.identity(id))?.userId ?? session.userId;
    await end({ connectionId, userId, sidKey: null, until: dependencies.clock.now() }, because);
    return 'gone';
  };
};

/** What an upstream answered about a session that is leased to us, written down before anybody is told. */
export const concludeRecheck = (dependencies: ConcludeDependencies) => {
  const { upstreamSessions, clock, log } = dependencies;
  const over = endOver(dependencies);
  const stands = sessionStands(dependencies);

  return async (asked: AskedAbout, answer: Rechecked): Promise<Presence> => {
    if (answer.answer === 'stands') return stands(asked, answer);
    const { leased, policy } = asked;
    const { connectionId, userId, seenAt } = leased;
    const { reason } = answer;
    const isDoubtful = isWithinGrace(seenAt, policy, clock.now());
    // It answers, and not to this: waiting longer would leave the person with neither tokens nor a way to sign in.
    const isOver = answer.answer === 'over' || answer.answer === 'must-sign-in' || (answer.answer === 'unexplained' && !isDoubtful);
    if (isOver) {
      log.info('upstream.over', { connection: connectionId, user: userId, reason });
      // Somebody who has signed in meanwhile is there, whatever was asked before.
      if (!(await upstreamSessions.settle(leased, { token: null, stands: false, askedUntil: 0 }))) return 'there';
      return over(leased, words[answer.answer]);
    }
    if (answer.answer === 'misconfigured') log.error('upstream.misconfigured', { connection: connectionId, reason });
    else log.warn('upstream.unanswered', { connection: connectionId, reason });
    await upstreamSessions.settle(leased, { askedUntil: clock.now() + restFor });
    return isDoubtful ? 'there' : 'unknown';
  };
};
