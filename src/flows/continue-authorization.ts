import type { Directory } from '../domain/directory.ts';
import { offeredConnections } from '../domain/directory.ts';
import { offerOf } from '../domain/email-domain.ts';
import type { Offer } from '../domain/email-domain.ts';
import type { TransactionId } from '../domain/ids.ts';
import type { Belonging, Step } from '../domain/next-step.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Question } from '../domain/question.ts';
import type { Resource } from '../domain/resource.ts';
import type { Transaction } from '../domain/transaction.ts';
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
}

/** Where a transaction stands and everything a page needs to say so. */
export interface Situation {
  readonly transaction: Transaction;
  readonly resource: Resource;
  readonly belongings: readonly Belonging[];
  readonly step: Step;
  /** The ways to sign in, while one has to be chosen. */
  readonly offer: Offer | null;
  /** What a page of ours is to ask, when that is the step. */
  readonly question: Question | null;
}

async function offered(dependencies: ContinueDependencies, { request }: Transaction): Promise<Offer> {
  const connections = offeredConnections(dependencies.directory, request.tenantId);
  return offerOf(connections, await provenConnections(dependencies)(), request.login_hint);
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
    const offer = step.step === 'choose-connection' ? await offered(dependencies, transaction) : null;
    return { transaction, resource, belongings, step, offer, question: asked?.question ?? null };
  };
