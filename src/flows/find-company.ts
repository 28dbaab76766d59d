import { offeredConnections } from '../domain/directory.ts';
import { routedConnection } from '../domain/email-domain.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { destinationOf } from '../domain/transaction.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { ProvenDependencies } from './steps/proven-connections.ts';
import { provenConnections } from './steps/proven-connections.ts';

/** The sign-in that the domain of an address leads to. Nothing is written, and whether there is such an account is not asked. */
export const findCompany =
  (dependencies: ClaimDependencies & ProvenDependencies) =>
  async (id: TransactionId, browser: string, address: string): Promise<ConnectionId | null> => {
    const { request } = await claimedTransaction(dependencies)(id, browser);
    const offered = offeredConnections(dependencies.directory, destinationOf(request));
    return routedConnection(offered, await provenConnections(dependencies)(), address)?.id ?? null;
  };
