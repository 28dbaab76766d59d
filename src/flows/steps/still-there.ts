import { findConnection } from '../../domain/directory.ts';
import type { Grant } from '../../domain/grant.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { RecheckPolicy, UpstreamSession } from '../../domain/upstream-session.ts';
import { isWithinGrace, judgeSession } from '../../domain/upstream-session.ts';
import type { AnyConnector } from '../../ports/connector.ts';
import type { Pause } from '../../ports/pause.ts';
import type { ConcludeDependencies } from './conclude-recheck.ts';
import { concludeRecheck, endOver, words } from './conclude-recheck.ts';
import type { Presence } from './session-stands.ts';

export interface StillThereDependencies extends ConcludeDependencies {
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  readonly pause: Pause;
}

/** How long one instance has an upstream to itself; longer than it may take to answer (ms). */
const leaseFor = 15_000;
const looks = 10;
const lookEvery = 200;

/**
 * Whether the person behind a grant is still there as far as their upstream says, which is asked when its last word is older than the
 * connection allows. One instance asks at a time, since an upstream that hands out a new refresh token each time takes two for theft.
 */
export const stillThere = (dependencies: StillThereDependencies) => {
  const { directory, upstreamSessions, clock, connectors, users, pause } = dependencies;
  const conclude = concludeRecheck(dependencies);
  const over = endOver(dependencies);
  const doubt = (seenAt: number, policy: RecheckPolicy, otherwise: Presence): Presence =>
    isWithinGrace(seenAt, policy, clock.now()) ? 'there' : otherwise;

  async function ask(session: UpstreamSession, policy: RecheckPolicy, look: number): Promise<Presence> {
    const connector = connectors.get(session.connectionId);
    const token = upstreamSessions.tokenOf(session);
    const known = token === null ? null : await users.identity(session.id);
    // Nothing to ask with: the sign-in was the last word, and only another one can renew it.
    if (token === null || connector?.recheck === undefined || known === null) return doubt(session.seenAt, policy, 'gone');
    const askedUntil = clock.now() + leaseFor;
    if (session.askedUntil > clock.now() || !(await upstreamSessions.lease(session, askedUntil))) return wait(session, policy, look);
    return conclude({ leased: { ...session, askedUntil }, known, policy }, await connector.recheck(token, known));
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
    const verdict = judgeSession(session, policy, clock.now());
    if (verdict === 'fresh') return 'there';
    return verdict === 'over' ? over(session, words.over) : ask(session, policy, look);
  }

  return async (grant: Grant): Promise<Presence> => {
    const policy = findConnection(directory, grant.connectionId)?.recheck ?? null;
    if (policy === null) return 'there';
    return grant.identityId === undefined ? doubt(grant.createdAt, policy, 'gone') : present(grant.identityId, policy, 0, grant.createdAt);
  };
};
