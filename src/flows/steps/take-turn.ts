import { noDemand, strictest } from '../../domain/assurance-demand.ts';
import { connectionNames } from '../../domain/directory.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import type { ConnectionId, TransactionId, UserId } from '../../domain/ids.ts';
import { linkingAfter } from '../../domain/linking.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { mostTries } from '../../domain/question.ts';
import { keepOurs } from '../../domain/local-evidence.ts';
import type { Transaction } from '../../domain/transaction.ts';
import { advance, afterFailedTrip } from '../../domain/transaction.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { AnyConnector, Turn } from '../../ports/connector.ts';
import { LoginRefused } from '../../ports/connector.ts';
import type { GroupNames } from '../../ports/group-names.ts';
import type { Log } from '../../ports/log.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { UpstreamSessions } from '../../ports/upstream-sessions.ts';
import type { ClaimDependencies } from './claimed-transaction.ts';
import type { RememberDependencies } from './remember-session.ts';
import { rememberSession } from './remember-session.ts';
import type { SettleDependencies } from './settle-identity.ts';
import { settleIdentity } from './settle-identity.ts';
import type { Trip } from './trips.ts';
import { waitingStage } from './trips.ts';

export interface TurnDependencies extends ClaimDependencies, SettleDependencies, RememberDependencies {
  readonly upstreamSessions: UpstreamSessions;
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  readonly sealing: Sealing;
  readonly audit: AuditLog;
  readonly groupNames: Pick<GroupNames, 'note'>;
}

/** An answer that this caller alone is judging. */
export interface Judged extends Trip {
  readonly judging: Transaction;
  /** What this browser is to be known by once somebody has signed in; without it, it stays as it was. */
  readonly renewal?: string;
  readonly log: Log;
}

/** Where the browser goes: to the upstream when there is an address, else to the dispatcher. */
export interface Onward {
  readonly id: TransactionId;
  readonly renewed: boolean;
  readonly url?: URL;
}

const subjectOf = ({ connectionId, judging: { request } }: Judged) => ({
  connectionId,
  clientId: request.client_id,
  clientName: request.client_name,
});

/** What a refused trip does to the transaction: a person may try again after saying no or an outage, and never after a failed check. */
async function refused(dependencies: TurnDependencies, judged: Judged, error: LoginRefused): Promise<Onward> {
  const { judging, connectionId, attempt, previous, log } = judged;
  const { client_id } = judging.request;
  log.warn(`login.${error.refusal}`, { connection: connectionId, client_id, reason: error.reason, error: error.cause });
  await dependencies.audit.append({ event: 'login.refused', ...subjectOf(judged), rule: error.refusal });
  if (error.refusal === 'cancelled' || error.refusal === 'unreachable') {
    await dependencies.transactions.advance(advance(judging, afterFailedTrip(previous, error.refusal, attempt)));
    return { id: judging.id, renewed: false };
  }
  await dependencies.transactions.advance(advance(judging, { at: 'stopped' }));
  const kind = error.refusal === 'foreign' ? 'foreign-account' : 'sign-in-untrustworthy';
  throw new PageRefusal(kind, error.reason, connectionNames(dependencies.directory, connectionId));
}

/** The groups were not told now: whoever reads the log should know for whom old ones count. */
function warnOf({ connectionId, log }: Judged, user: UserId, { whyUnknown: reason }: VerifiedIdentity): void {
  log.warn('login.groups-last-known', { connection: connectionId, user, ...(reason === undefined ? {} : { reason }) });
}

const agedGroups = (age: number | undefined): string =>
  age === undefined ? '' : `groups as told ${String(Math.round(age / 1000))} seconds before; `;

/** Somebody is signed in: settled as our user, and on to the dispatcher. */
async function signedIn(dependencies: TurnDependencies, judged: Judged, turn: Extract<Turn, { turn: 'identified' }>): Promise<Onward> {
  const { judging, attempt, previous } = judged;
  const { user, roles, groupsAge } = await settleIdentity(dependencies)(turn.identity);
  await rememberSession(dependencies)(turn.identity, user.id, judged.log);
  const { connectionId, name, email, assurance, session, groupNames } = turn.identity;
  dependencies.groupNames.note(connectionId, groupNames);
  if (groupsAge !== undefined) warnOf(judged, user.id, turn.identity);
  const sid = session?.sid ?? null;
  const known = { identityId: identityKey(turn.identity), ...(sid === null ? {} : { sid }) };
  // Joined accounts are one user with two sign-ins: what one proved is not proven of the other.
  const isSame = previous?.person.userId === user.id && previous.person.connectionId === connectionId;
  const before = isSame ? previous.person : null;
  const wanted = turn.askedForMfa === true ? strictest(attempt.demand, { ...noDemand, mfa: true }) : attempt.demand;
  const asked = strictest(before?.asked, wanted);
  const shown = { userId: user.id, connectionId, name, email, assurance, ...known, asked, askedAt: attempt.begunAt };
  const isAfresh = attempt.afresh || attempt.prompt === 'login';
  const person = keepOurs(before, isAfresh ? { ...shown, afresh: 'answered' } : shown);
  // The tenant somebody chose before proving more stays chosen for them alone.
  const tenantId = before === null ? null : (previous?.tenantId ?? null);
  await dependencies.audit.append({
    event: 'login.succeeded',
    userId: user.id,
    ...subjectOf(judged),
    evidence: assurance.evidence,
    roles: roles.map((held) => held.role),
    rule: `${agedGroups(groupsAge)}${roles.map((held) => held.rule).join('; ') || 'no rule gives a role'}`,
  });
  const next = advance(judging, { at: 'consenting', person, tenantId, notice: null, ...linkingAfter(previous, person) });
  const { renewal = judging.browser } = judged;
  const settled = await dependencies.transactions.advance({ ...next, browser: renewal });
  return { id: judging.id, renewed: settled && judged.renewal !== undefined };
}

/** The trip goes on, here or elsewhere; a wrong answer counts, and the last of them ends the transaction. */
async function goesOn(dependencies: TurnDependencies, judged: Judged, turn: Exclude<Turn, { turn: 'identified' }>): Promise<Onward> {
  const { judging } = judged;
  const isWrong = turn.turn === 'ask' && turn.question.problem === 'no-match';
  const tries = (judging.tries ?? 0) + (isWrong ? 1 : 0);
  if (isWrong) await dependencies.audit.append({ event: 'login.refused', ...subjectOf(judged), rule: 'wrong-answer' });
  if (tries >= mostTries) {
    const connector = dependencies.connectors.get(judged.connectionId);
    if (turn.turn === 'ask' && connector !== undefined && 'answer' in connector) await connector.abandon(turn.memory);
    await dependencies.transactions.advance(advance(judging, { at: 'stopped' }));
    throw new PageRefusal('too-many-tries', `${mostTries} wrong answers in one sign-in`);
  }
  await dependencies.transactions.advance({ ...advance(judging, waitingStage(dependencies.sealing, judged, turn)), tries });
  return { id: judging.id, renewed: false, ...(turn.turn === 'leave' ? { url: turn.url } : {}) };
}

/** Has the connector judge an answer in one go, and does what follows from it. */
export const takeTurn =
  (dependencies: TurnDependencies) =>
  async (judged: Judged, play: () => Promise<Turn>): Promise<Onward> => {
    try {
      const turn = await play();
      return turn.turn === 'identified' ? await signedIn(dependencies, judged, turn) : await goesOn(dependencies, judged, turn);
    } catch (error) {
      if (error instanceof PageRefusal && error.kind !== 'too-many-tries') {
        await dependencies.audit.append({ event: 'login.refused', ...subjectOf(judged), rule: error.kind });
      }
      if (!(error instanceof LoginRefused)) throw error;
      return refused(dependencies, judged, error);
    }
  };
