import type { Directory } from '../domain/directory.ts';
import { offeredConnections } from '../domain/directory.ts';
import { offerOf } from '../domain/email-domain.ts';
import type { Offer } from '../domain/email-domain.ts';
import { isLive } from '../domain/grant.ts';
import type { TransactionId } from '../domain/ids.ts';
import { cameThrough, handoverOf } from '../domain/linking.ts';
import type { Belonging, Step } from '../domain/next-step.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Question } from '../domain/question.ts';
import type { Resource } from '../domain/resource.ts';
import { destinationOf } from '../domain/transaction.ts';
import type { Transaction } from '../domain/transaction.ts';
import type { Grants } from '../ports/grants.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { ProvenDependencies } from './steps/proven-connections.ts';
import { provenConnections } from './steps/proven-connections.ts';
import { askedOf } from './steps/trips.ts';
import type { NextDependencies } from './steps/what-is-next.ts';
import { whatIsNext } from './steps/what-is-next.ts';

export interface ContinueDependencies extends ClaimDependencies, NextDependencies, ProvenDependencies {
  readonly directory: Directory;
  readonly sealing: Sealing;
  readonly grants: Pick<Grants, 'ofUser'>;
}

/** Where a transaction stands and everything a page needs to say so. */
export interface Situation {
  readonly transaction: Transaction;
  readonly resource: Resource;
  readonly belongings: readonly Belonging[];
  readonly step: Step;
  /** The ways to sign in, while one has to be chosen. */
  readonly offer: Offer | null;
  /** How many apps joining two accounts would disconnect, when that is the step. */
  readonly endingApps: number;
  /** What a page of ours is to ask, when that is the step. */
  readonly question: Question | null;
}

type Choosing = Extract<Step, { step: 'choose-connection' }>;

/** Two accounts of one connection cannot be joined, so it is not offered for that. */
async function offered(dependencies: ContinueDependencies, { request }: Transaction, { joins }: Choosing): Promise<Offer> {
  const all = offeredConnections(dependencies.directory, destinationOf(request));
  const connections = all.filter(({ id }) => id !== joins?.connectionId);
  return offerOf(connections, await provenConnections(dependencies)(), request.login_hint);
}

/** What people know as connected: what still works of what the account that leaves has granted. */
async function endedBy({ grants, clock }: ContinueDependencies, { stage, verdict }: Extract<Step, { step: 'join' }>): Promise<number> {
  if (verdict.verdict !== 'join' || stage.linking?.half !== 'second') return 0;
  const handover = handoverOf(stage.linking.first, stage.person, verdict.stays);
  if (handover === null) return 0;
  const given = await grants.ofUser(handover.from);
  return given.filter((grant) => cameThrough(grant, handover) && isLive(grant, clock.now())).length;
}

/** Gathers the facts and asks the one rule what comes next. */
export const continueAuthorization =
  (dependencies: ContinueDependencies) =>
  async (id: TransactionId, browser: string): Promise<Situation> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage } = transaction;
    const asked = stage.at === 'asking' ? askedOf(dependencies.sealing, stage) : null;
    if (stage.at === 'asking' && asked === null) throw new PageRefusal('expired', 'the question was sealed under another key');
    const { resource, belongings, step } = await whatIsNext(dependencies)(transaction);
    const offer = step.step === 'choose-connection' ? await offered(dependencies, transaction, step) : null;
    const endingApps = step.step === 'join' ? await endedBy(dependencies, step) : 0;
    return { transaction, resource, belongings, step, offer, endingApps, question: asked?.question ?? null };
  };
