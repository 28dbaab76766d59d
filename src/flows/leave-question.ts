import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import type { Stage, StageAt } from '../domain/transaction.ts';
import { advance, unlinked } from '../domain/transaction.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import { askedOf } from './steps/trips.ts';

export interface LeaveDependencies extends ClaimDependencies {
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  readonly sealing: Sealing;
}

function backFrom({ previous }: StageAt<'asking'>): Stage {
  if (previous === null) return { at: 'choosing', notice: null };
  if (previous.linking !== undefined) return unlinked(previous, 'link-cancelled');
  return { ...previous, tenantId: null, notice: 'step-up-cancelled' };
}

/** Back from a question to the ways to sign in, or to whoever had signed in; what the question held at the upstream ends. */
export const leaveQuestion =
  ({ connectors, sealing, ...dependencies }: LeaveDependencies) =>
  async (id: TransactionId, browser: string): Promise<void> => {
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage } = transaction;
    if (stage.at !== 'asking') return;
    const back = backFrom(stage);
    if (!(await dependencies.transactions.advance(advance(transaction, back)))) return;
    const connector = connectors.get(stage.connectionId);
    const asked = askedOf(sealing, stage);
    if (connector !== undefined && 'answer' in connector && asked !== null) await connector.abandon(asked.memory);
  };
