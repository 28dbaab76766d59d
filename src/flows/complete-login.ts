import { sameText, sha256 } from '../domain/digest.ts';
import { connectionNames } from '../domain/directory.ts';
import { identityKey } from '../domain/identity.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance, afterFailedTrip, transactionOfState } from '../domain/transaction.ts';
import { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Connector } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Log } from '../ports/log.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { UpstreamSessions } from '../ports/upstream-sessions.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { RememberDependencies } from './steps/remember-session.ts';
import { rememberSession } from './steps/remember-session.ts';
import type { SettleDependencies } from './steps/settle-identity.ts';
import { settleIdentity } from './steps/settle-identity.ts';

export interface CompleteDependencies extends ClaimDependencies, SettleDependencies, RememberDependencies {
  readonly upstreamSessions: UpstreamSessions;
  readonly connectors: ReadonlyMap<ConnectionId, Connector>;
  readonly sealing: Sealing;
  readonly audit: AuditLog;
}

interface UpstreamAnswer {
  readonly connectionId: ConnectionId;
  readonly browser: string;
  /** What this browser is to be known by once somebody has signed in; without it, it stays as it was. */
  readonly renewal?: string;
  readonly answer: URLSearchParams;
  readonly log: Log;
}

/** The transaction this answer belongs to, taken by exactly one caller; another browser's answer ends it. RFC 9700 §4.4, §4.7. */
async function take(
  dependencies: CompleteDependencies,
  given: UpstreamAnswer,
): Promise<{ judging: Transaction; stage: StageAt<'upstream'> }> {
  const states = given.answer.getAll('state');
  const [state] = states;
  const id = transactionOfState(state ?? null);
  if (states.length !== 1 || state === undefined || id === null)
    throw new PageRefusal('malformed-request', 'state is missing, repeated or not ours');
  const transaction = await claimedTransaction(dependencies)(id, given.browser).catch(async (error: unknown) => {
    if (error instanceof PageRefusal && error.kind === 'other-browser') {
      const foreign = await dependencies.transactions.get(id);
      if (foreign?.stage.at === 'upstream' && sameText(foreign.stage.stateDigest, sha256(state))) {
        await dependencies.transactions.advance(advance(foreign, { at: 'stopped' }));
      }
    }
    throw error;
  });
  const { stage } = transaction;
  if (stage.at !== 'upstream' || stage.connectionId !== given.connectionId || !sameText(stage.stateDigest, sha256(state))) {
    throw new PageRefusal('expired', 'this answer is not the one that was waited for');
  }
  const judging = advance(transaction, { at: 'judging', connectionId: stage.connectionId, previous: stage.previous });
  if (!(await dependencies.transactions.advance(judging))) throw new PageRefusal('expired', 'the answer came twice');
  return { judging, stage };
}

function readAttempt(sealing: Sealing, sealed: string): UpstreamAttempt {
  const plain = sealing.open('upstream_attempt', sealed);
  if (plain === null) throw new PageRefusal('expired', 'the attempt was sealed under another key');
  return UpstreamAttempt.parse(JSON.parse(plain));
}

/** What a refused trip does to the transaction: a person may try again after saying no or an outage, and never after a failed check. */
async function refused(
  dependencies: CompleteDependencies,
  judging: Transaction,
  stage: StageAt<'upstream'>,
  attempt: UpstreamAttempt,
  error: LoginRefused,
  log: Log,
): Promise<void> {
  const { connectionId } = stage;
  const { client_id, client_name } = judging.request;
  log.warn(`login.${error.refusal}`, { connection: connectionId, client_id, reason: error.reason, error: error.cause });
  await dependencies.audit.append({
    event: 'login.refused',
    connectionId,
    clientId: client_id,
    clientName: client_name,
    rule: error.refusal,
  });
  if (error.refusal === 'cancelled' || error.refusal === 'unreachable') {
    await dependencies.transactions.advance(advance(judging, afterFailedTrip(stage.previous, error.refusal, attempt)));
    return;
  }
  await dependencies.transactions.advance(advance(judging, { at: 'stopped' }));
  const kind = error.refusal === 'foreign' ? 'foreign-account' : 'sign-in-untrustworthy';
  throw new PageRefusal(kind, error.reason, connectionNames(dependencies.directory, connectionId));
}

/** Judges the upstream's answer in one go and settles who this is; afterwards the browser goes back to the dispatcher. */
export const completeLogin =
  (dependencies: CompleteDependencies) =>
  async (given: UpstreamAnswer): Promise<{ readonly id: TransactionId; readonly renewed: boolean }> => {
    const connector = dependencies.connectors.get(given.connectionId);
    if (connector === undefined) throw new PageRefusal('not-found', 'unknown connection');
    const { judging, stage } = await take(dependencies, given);
    const attempt = readAttempt(dependencies.sealing, stage.attempt);
    const { client_id, client_name } = judging.request;
    try {
      const identity = await connector.complete(given.answer, attempt);
      const { user, roles } = await settleIdentity(dependencies)(identity);
      await rememberSession(dependencies)(identity, user.id, given.log);
      const { connectionId, name, email, assurance } = identity;
      const sid = identity.session?.sid ?? null;
      const known = { identityId: identityKey(identity), ...(sid === null ? {} : { sid }) };
      const { demand: asked, begunAt: askedAt } = attempt;
      const person = { userId: user.id, connectionId, name, email, assurance, ...known, asked, askedAt };
      // The tenant somebody chose before proving more stays chosen for them alone.
      const tenantId = stage.previous?.person.userId === user.id ? stage.previous.tenantId : null;
      await dependencies.audit.append({
        event: 'login.succeeded',
        userId: user.id,
        connectionId,
        clientId: client_id,
        clientName: client_name,
        evidence: assurance.evidence,
        roles: roles.map((held) => held.role),
        rule: roles.map((held) => held.rule).join('; ') || 'no rule gives a role',
      });
      const signedIn = advance(judging, { at: 'consenting', person, tenantId, notice: null });
      const { renewal = judging.browser } = given;
      const settled = await dependencies.transactions.advance({ ...signedIn, browser: renewal });
      return { id: judging.id, renewed: settled && given.renewal !== undefined };
    } catch (error) {
      if (error instanceof PageRefusal) {
        const { connectionId } = stage;
        await dependencies.audit.append({
          event: 'login.refused',
          connectionId,
          clientId: client_id,
          clientName: client_name,
          rule: error.kind,
        });
      }
      if (!(error instanceof LoginRefused)) throw error;
      await refused(dependencies, judging, stage, attempt, error, given.log);
      return { id: judging.id, renewed: false };
    }
  };
