import type { Directory } from '../domain/directory.ts';
import { findResource, offeredConnections } from '../domain/directory.ts';
import { strictest } from '../domain/assurance-demand.ts';
import { beforeSignIn } from '../domain/entry.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import type { ProofWanted } from '../domain/next-step.ts';
import { awaitsOther, freshSignIn } from '../domain/next-step.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance, afterFailedTrip, destinationOf } from '../domain/transaction.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import { isSameTrip } from '../domain/upstream-attempt.ts';
import type { AnyConnector } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import { attemptOf, firstTurn, waitingStage } from './steps/trips.ts';

export interface BeginLoginDependencies extends ClaimDependencies {
  readonly directory: Directory;
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  readonly sealing: Sealing;
  readonly entropy: Entropy;
}

export interface LoginStart {
  readonly id: TransactionId;
  readonly browser: string;
  readonly connectionId: ConnectionId;
  /** Once somebody has signed in: another account, or more proof from them. */
  readonly purpose: 'sign-in' | 'another-account' | ProofWanted;
  /** The address the person gave; without it, what the client hinted at. */
  readonly login_hint?: string;
  readonly log: Log;
}

function begins(transaction: Transaction, purpose: LoginStart['purpose']): StageAt<'consenting'> | null {
  const { stage } = transaction;
  if (stage.at === 'approved' || stage.at === 'denied' || stage.at === 'stopped' || stage.at === 'joining')
    throw new PageRefusal('expired', `transaction is ${stage.at}`);
  if (stage.at === 'consenting') return stage;
  if (purpose !== 'sign-in') throw new PageRefusal('expired', `nobody has signed in, transaction is ${stage.at}`);
  return null;
}

type Wanted = Pick<UpstreamAttempt, 'demand' | 'afresh' | 'optional' | 'prompt'>;

/** What the trip is to bring: more proof, another account, or what the client asked for. */
function wantedOf({ directory, clock }: BeginLoginDependencies, { purpose }: LoginStart, { request, stage }: Transaction): Wanted {
  if (typeof purpose === 'object') return { ...purpose, prompt: null };
  const resource = findResource(directory, request);
  if (resource === null) throw new PageRefusal('expired', 'the resource is no longer configured');
  // A fresh login is one of whichever account: its page lets another be named.
  const prompt = purpose === 'another-account' ? (request.prompt ?? 'select_account') : request.prompt;
  const demand = beforeSignIn(resource, request);
  const joins = purpose === 'sign-in' && awaitsOther(stage, clock.now()) !== null;
  return joins
    ? { ...freshSignIn, demand: strictest(demand, freshSignIn.demand), prompt }
    : { demand, afresh: false, optional: false, prompt };
}

/** The trip that has just begun, when it is the one asked for: a button that is pressed twice leads to one place. */
function tripUnderWay(dependencies: BeginLoginDependencies, transaction: Transaction, start: LoginStart): UpstreamAttempt | null {
  const { sealing, clock } = dependencies;
  const { stage } = transaction;
  if ((stage.at !== 'upstream' && stage.at !== 'asking') || stage.connectionId !== start.connectionId) return null;
  const begun = attemptOf(sealing, stage);
  const isForSame = begun?.login_hint === (start.login_hint ?? begun?.login_hint);
  return begun !== null && isForSame && isSameTrip(begun, wantedOf(dependencies, start, transaction), clock.now()) ? begun : null;
}

type Begun = { readonly to: 'upstream'; readonly url: URL } | { readonly to: 'dispatcher' };

/** Where the press before this one led. */
async function onTheWay(connector: AnyConnector, { stage }: Transaction, begun: UpstreamAttempt): Promise<Begun> {
  const turn = stage.at === 'upstream' ? await firstTurn(connector, begun) : null;
  return turn?.turn === 'leave' ? { to: 'upstream', url: turn.url } : { to: 'dispatcher' };
}

/** Sends the browser upstream, having kept what must come back. The person has pressed a sign-in: that is the consent to go there. */
export const beginLogin =
  (dependencies: BeginLoginDependencies) =>
  async (start: LoginStart): Promise<Begun> => {
    const { id, browser, connectionId, purpose, log } = start;
    const { directory, connectors, sealing, entropy, transactions, clock } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const underWay = tripUnderWay(dependencies, transaction, start);
    const signedIn = underWay === null ? begins(transaction, purpose) : null;
    const connector = connectors.get(connectionId);
    const { request } = transaction;
    if (
      connector === undefined ||
      !offeredConnections(directory, destinationOf(request)).some(({ id: offered }) => offered === connectionId)
    )
      throw new PageRefusal('not-found', 'unknown connection, or one that does not lead into the tenant');
    const joining = purpose === 'sign-in' ? awaitsOther(transaction.stage, clock.now()) : null;
    // What the client hinted at may be the account that is signed in already.
    const hint = joining === null ? request.login_hint : null;
    const state = `${id}.${entropy.secret()}`;
    const attempt: UpstreamAttempt = {
      state,
      nonce: entropy.secret(),
      code_verifier: entropy.secret(),
      ...wantedOf(dependencies, start, transaction),
      login_hint: typeof purpose === 'object' ? (signedIn?.person.email ?? null) : (start.login_hint ?? hint),
      begunAt: clock.now(),
    };
    const { stage: now } = transaction;
    const isWaiting = now.at === 'upstream' || now.at === 'asking';
    const before = isWaiting && underWay !== null ? now.previous : signedIn;
    const previous = typeof purpose === 'object' ? before : joining;
    try {
      if (underWay !== null) return await onTheWay(connector, transaction, underWay);
      const turn = await firstTurn(connector, attempt);
      if (turn.turn === 'identified') throw new PageRefusal('fault', 'a connector knew somebody before asking');
      const stage = waitingStage(sealing, { connectionId, attempt, previous }, turn);
      if (await transactions.advance(advance(transaction, stage))) {
        return turn.turn === 'leave' ? { to: 'upstream', url: turn.url } : { to: 'dispatcher' };
      }
      const current = await claimedTransaction(dependencies)(id, browser);
      const quicker = tripUnderWay(dependencies, current, start);
      if (quicker !== null) return await onTheWay(connector, current, quicker);
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      log.warn('login.unreachable', { connection: connectionId, reason: error.reason });
      await transactions.advance(advance(transaction, afterFailedTrip(previous, 'unreachable', attempt)));
    }
    return { to: 'dispatcher' };
  };
