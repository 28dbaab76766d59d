import { findConnection } from '../domain/directory.ts';
import type { TransactionId } from '../domain/ids.ts';
import type { Handover } from '../domain/linking.ts';
import { handoverOf } from '../domain/linking.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Person } from '../domain/person.ts';
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

interface Proposal {
  readonly first: Person;
  readonly second: Person;
  readonly handover: Handover;
}

async function release({ users }: JoinDependencies, { id }: Transaction, { from, to }: Handover): Promise<void> {
  await Promise.all([from, to].map((userId) => users.release(userId, id)));
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
  await release(dependencies, transaction, handover);
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

/** The proposal that stands on the page, as it is now. */
async function proposed(dependencies: JoinDependencies, transaction: Transaction, staying: string): Promise<Proposal | null> {
  const { step } = await whatIsNext(dependencies)(transaction);
  if (step.step !== 'join' || step.verdict.verdict !== 'join' || step.verdict.stays !== staying) return null;
  const { person, linking } = step.stage;
  const handover = linking?.half === 'second' ? handoverOf(linking.first, person, step.verdict.stays) : null;
  return linking?.half === 'second' && handover !== null ? { first: linking.first, second: person, handover } : null;
}

/** Two transactions at once could give a user two accounts of one connection, or make one leave whom the other has stay: one at a time. */
async function reserve({ users, clock }: JoinDependencies, { id, expiresAt }: Transaction, { handover }: Proposal): Promise<void> {
  for (const userId of [handover.to, handover.from].sort()) {
    if (!(await users.reserve(userId, id, expiresAt, clock.now())))
      throw new PageRefusal('unavailable', 'one of the two accounts is being joined by another transaction');
  }
}

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
    const before = await proposed(dependencies, transaction, staying);
    if (before === null) return;
    await reserve(dependencies, transaction, before);
    // What was true before others were kept out may not be any more.
    const proposal = await proposed(dependencies, transaction, staying);
    if (proposal === null) return;
    const { first, second, handover } = proposal;
    if (findConnection(directory, first.connectionId) === null) throw new PageRefusal('expired', 'a connection is no longer configured');
    await Promise.all([first, second].map(checkSession(dependencies)));
    const otherConnectionId = handover.connectionId === second.connectionId ? first.connectionId : second.connectionId;
    const joining = { at: 'joining' as const, person: { ...second, userId: handover.to }, handover, otherConnectionId };
    const decided = advance(transaction, joining);
    if (await transactions.advance(decided)) return join(dependencies, decided, joining);
    // Another press was quicker; unless it joins them too, nothing is kept from anybody.
    if ((await transactions.get(id))?.stage.at !== 'joining') await release(dependencies, transaction, handover);
    return undefined;
  };
