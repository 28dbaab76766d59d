import { sha256 } from '../domain/digest.ts';
import type { Directory } from '../domain/directory.ts';
import { findConnection } from '../domain/directory.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance, afterFailedTrip } from '../domain/transaction.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { Connector } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

export interface BeginLoginDependencies extends ClaimDependencies {
  readonly directory: Directory;
  readonly connectors: ReadonlyMap<ConnectionId, Connector>;
  readonly sealing: Sealing;
  readonly entropy: Entropy;
}

export interface LoginStart {
  readonly id: TransactionId;
  readonly browser: string;
  readonly connectionId: ConnectionId;
  /** Set when somebody has signed in and only more proof, or another account, is wanted. */
  readonly purpose: 'sign-in' | 'prove-second-factor' | 'another-account';
  readonly log: Log;
}

function begins(transaction: Transaction, purpose: LoginStart['purpose']): StageAt<'consenting'> | null {
  const { stage } = transaction;
  if (stage.at === 'approved' || stage.at === 'denied' || stage.at === 'stopped')
    throw new PageRefusal('expired', `transaction is ${stage.at}`);
  if (stage.at === 'consenting') return stage;
  if (purpose !== 'sign-in') throw new PageRefusal('expired', `nobody has signed in, transaction is ${stage.at}`);
  return null;
}

/** Sends the browser upstream, having kept what must come back. The person has pressed a sign-in: that is the consent to go there. */
export const beginLogin =
  (dependencies: BeginLoginDependencies) =>
  async ({ id, browser, connectionId, purpose, log }: LoginStart): Promise<{ to: 'upstream'; url: URL } | { to: 'dispatcher' }> => {
    const { directory, connectors, sealing, entropy, transactions } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const signedIn = begins(transaction, purpose);
    const connector = connectors.get(connectionId);
    if (connector === undefined || findConnection(directory, connectionId) === null)
      throw new PageRefusal('not-found', 'unknown connection');
    const { request } = transaction;
    const state = `${id}.${entropy.secret()}`;
    const attempt: UpstreamAttempt = {
      state,
      nonce: entropy.secret(),
      code_verifier: entropy.secret(),
      demand: { mfa: purpose === 'prove-second-factor' },
      prompt: purpose === 'another-account' ? 'select_account' : purpose === 'sign-in' ? request.prompt : null,
      login_hint: purpose === 'prove-second-factor' ? (signedIn?.person.email ?? null) : request.login_hint,
    };
    const previous = purpose === 'prove-second-factor' ? signedIn : null;
    try {
      const url = await connector.begin(attempt);
      const sealed = sealing.seal('upstream_attempt', JSON.stringify(attempt));
      const stage = { at: 'upstream' as const, connectionId, attempt: sealed, stateDigest: sha256(state), previous };
      if (await transactions.advance(advance(transaction, stage))) return { to: 'upstream', url };
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      log.warn('login.unreachable', { connection: connectionId, reason: error.reason });
      await transactions.advance(advance(transaction, afterFailedTrip(previous, 'unreachable')));
    }
    return { to: 'dispatcher' };
  };
