import { findConnection } from '../../domain/directory.ts';
import type { Grant } from '../../domain/grant.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { RecheckPolicy, UpstreamSession } from '../../domain/upstream-session.ts';
import { isWithinGrace, judgeSession, sessionLifetime } from '../../domain/upstream-session.ts';
import type { Connector, Rechecked } from '../../ports/connector.ts';
import type { Log } from '../../ports/log.ts';
import type { Pause } from '../../ports/pause.ts';
import type { Users } from '../../ports/users.ts';
import type { EndSessionDependencies } from './end-session.ts';
import { endSession } from './end-session.ts';
import type { RememberDependencies } from './remember-session.ts';
import type { ResyncDependencies } from './resync-roles.ts';
import { resyncRoles } from './resync-roles.ts';

export interface StillThereDependencies extends RememberDependencies, ResyncDependencies, EndSessionDependencies {
  readonly connectors: ReadonlyMap<ConnectionId, Connector>;
  readonly users: Pick<Users, 'identity'>;
  readonly pause: Pause;
  readonly log: Log;
}

/** `there`: seen lately, or given the benefit of the doubt. `gone`: the upstream said so, or there is nothing to ask it with. `unknown`: it did not answer for too long. */
export type Presence = 'there' | 'gone' | 'unknown';

/** How long one instance has an upstream to itself; longer than it may take to answer (ms). */
const leaseFor = 15_000;
/** After an answer that said nothing it is left alone for so long (ms). */
const restFor = 20_000;
const looks = 10;
const lookEvery = 200;

const words = {
  over: 'the sign-in is over at the identity provider',
  'must-sign-in': 'the identity provider wants a new sign-in',
} as const;

/**
 * Whether the person behind a grant is still there as far as their upstream says, which is asked when its last word is older than the
 * connection allows. One instance asks at a time, since an upstream that hands out a new refresh token each time takes two for theft.
 */
export const stillThere = (dependencies: StillThereDependencies) => {
  const { directory, upstreamSessions, clock, connectors, users, pause, log } = dependencies;
  const end = endSession(dependencies);
  const resync = resyncRoles(dependencies);
  const doubt = (seenAt: number, policy: RecheckPolicy, otherwise: Presence): Presence =>
    isWithinGrace(seenAt, policy, clock.now()) ? 'there' : otherwise;

  async function over(session: UpstreamSession, because: string): Promise<Presence> {
    const { connectionId, userId } = session;
    await end({ connectionId, userId, sidKey: null, until: clock.now() }, because);
    return 'gone';
  }

  /** What was answered, written down before anybody is told. */
  async function conclude(leased: UpstreamSession, answer: Rechecked, policy: RecheckPolicy): Promise<Presence> {
    const { id, userId, connectionId, seenAt } = leased;
    const now = clock.now();
    if (answer.answer === 'stands') {
      const next = { token: answer.refresh_token, seenAt: now, askedUntil: 0, expiresAt: now + sessionLifetime };
      const isNewest = await upstreamSessions.settle(leased, next);
      if (answer.groups === null) log.warn('upstream.groups-unknown', { connection: connectionId, user: userId });
      const known = isNewest && answer.groups ? await users.identity(id) : null;
      if (answer.groups && known !== null) await resync(userId, { connectionId, subject: known.subject, groups: answer.groups });
      return 'there';
    }
    const { reason } = answer;
    if (answer.answer === 'over' || answer.answer === 'must-sign-in') {
      log.info('upstream.over', { connection: connectionId, user: userId, reason });
      // Somebody who has signed in meanwhile is there, whatever was asked before.
      if (!(await upstreamSessions.settle(leased, { token: null, stands: false, askedUntil: 0 }))) return 'there';
      return over(leased, words[answer.answer]);
    }
    log[answer.answer === 'misconfigured' ? 'error' : 'warn'](`upstream.${answer.answer}`, { connection: connectionId, reason });
    await upstreamSessions.settle(leased, { askedUntil: now + restFor });
    return doubt(seenAt, policy, 'unknown');
  }

  async function ask(session: UpstreamSession, policy: RecheckPolicy, look: number): Promise<Presence> {
    const connector = connectors.get(session.connectionId);
    const token = upstreamSessions.tokenOf(session);
    const known = token === null ? null : await users.identity(session.id);
    // Nothing to ask with: the sign-in was the last word, and only another one can renew it.
    if (token === null || connector?.recheck === undefined || known === null) return doubt(session.seenAt, policy, 'gone');
    const askedUntil = clock.now() + leaseFor;
    if (session.askedUntil > clock.now() || !(await upstreamSessions.lease(session, askedUntil))) return wait(session, policy, look);
    return conclude({ ...session, askedUntil }, await connector.recheck(token, known), policy);
  }

  /** Somebody else is asking, or has just asked in vain: without doubt there is no need to wait for it. */
  async function wait(session: UpstreamSession, policy: RecheckPolicy, look: number): Promise<Presence> {
    if (doubt(session.seenAt, policy, 'unknown') === 'there') return 'there';
    if (look >= looks) return 'unknown';
    await pause(lookEvery);
    return present(session.id, policy, look + 1, session.seenAt);
  }

  async function present(id: string, policy: RecheckPolicy, look: number, since: number): Promise<Presence> {
    const session = await upstreamSessions.get(id);
    if (session === null) return doubt(since, policy, 'gone');
    switch (judgeSession(session, policy, clock.now())) {
      case 'fresh':
        return 'there';
      case 'over':
        return over(session, words.over);
      case 'due':
        return ask(session, policy, look);
    }
  }

  return async (grant: Grant): Promise<Presence> => {
    const policy = findConnection(directory, grant.connectionId)?.recheck ?? null;
    if (policy === null) return 'there';
    return grant.identityId === undefined ? doubt(grant.createdAt, policy, 'gone') : present(grant.identityId, policy, 0, grant.createdAt);
  };
};
