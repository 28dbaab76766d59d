import { findConnection } from '../domain/directory.ts';
import type { TransactionId } from '../domain/ids.ts';
import { handoverOf } from '../domain/linking.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Pause } from '../ports/pause.ts';
import type { UpstreamSessions } from '../ports/upstream-sessions.ts';
import type { Users } from '../ports/users.ts';
import { checkSession } from './steps/check-session.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { HandOverDependencies } from './steps/hand-over.ts';
import { handOver } from './steps/hand-over.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';

export interface JoinDependencies extends ClaimDependencies, NextDependencies, HandOverDependencies {
  readonly users: Users;
  readonly upstreamSessions: Pick<UpstreamSessions, 'get' | 'handOver'>;
  readonly audit: AuditLog;
  readonly pause: Pause;
}

/** The record first: what is joined is on record, whatever failed in between. Done again it comes to the same. */
async function join(dependencies: JoinDependencies, transaction: Transaction, stage: StageAt<'joining'>): Promise<void> {
  const { handover, otherConnectionId, person } = stage;
  const { request } = transaction;
  await dependencies.audit.append(
    {
      event: 'identity.linked',
      userId: handover.to,
      leftUserId: handover.from,
      connectionId: handover.connectionId,
      otherConnectionId,
      clientId: request.client_id,
      clientName: request.client_name,
      rule: 'the person signed in to both and joined them',
    },
    'again',
  );
  await handOver(dependencies)(handover, { because: 'identity linked', keepsRoles: true });
  await dependencies.transactions.advance(advance(transaction, { at: 'consenting', person, tenantId: null, notice: 'joined' }));
}

/** How long (ms) the press that decided is given to do what it decided before somebody else does. */
const headStart = 250;

/** Does what was decided where the press that decided did not get to it. */
export const finishJoin =
  (dependencies: JoinDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const { transactions, pause } = dependencies;
    const before = await transactions.get(id);
    if (before?.stage.at !== 'joining') return;
    await pause(headStart);
    const transaction = await claimedTransaction(dependencies)(id, browser);
    if (transaction.stage.at === 'joining') await join(dependencies, transaction, transaction.stage);
  };

/**
 * Joins two accounts that the person has just signed in to, both in this transaction. Of any number of presses one decides; `staying` is
 * who stood on the page as the one who stays, and has to be it still.
 */
export const joinAccounts =
  (dependencies: JoinDependencies) =>
  async (id: TransactionId, browser: string, staying: string): Promise<void> => {
    const { directory, transactions } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    if (directory.linking !== true) throw new PageRefusal('not-found', 'linking is off');
    const { step } = await whatIsNext(dependencies)(transaction);
    if (step.step !== 'join' || step.verdict.verdict !== 'join' || step.verdict.stays !== staying) return;
    const { person, linking } = step.stage;
    if (linking?.half !== 'second') return;
    const { first } = linking;
    if (findConnection(directory, first.connectionId) === null) throw new PageRefusal('expired', 'a connection is no longer configured');
    await Promise.all([first, person].map(checkSession(dependencies)));
    const handover = handoverOf(first, person, step.verdict.stays);
    if (handover === null) throw new PageRefusal('expired', 'a sign-in of before it was kept whose it is');
    const otherConnectionId = handover.connectionId === person.connectionId ? first.connectionId : person.connectionId;
    const joining = { at: 'joining' as const, person: { ...person, userId: handover.to }, handover, otherConnectionId };
    const decided = advance(transaction, joining);
    if (await transactions.advance(decided)) await join(dependencies, decided, joining);
  };
