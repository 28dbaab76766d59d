import { TestTicket, connectionTestLifetime } from '../../domain/connection-test.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { TransactionId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Sealing } from '../../ports/sealing.ts';

const purpose = 'connection_test';

export interface TicketDependencies {
  readonly sealing: Sealing;
  readonly entropy: Entropy;
  readonly clock: Clock;
}

/** For one sign-in that is tried: sealed under the installation key, so nothing has to be written for it. */
export function sealTicket({ sealing, entropy, clock }: TicketDependencies, connectionId: ConnectionId) {
  const expiresAt = clock.now() + connectionTestLifetime;
  const ticket: TestTicket = { id: TransactionId.parse(entropy.id()), connectionId, expiresAt };
  return { ticket: sealing.seal(purpose, JSON.stringify(ticket)), expiresAt };
}

/** Null when it is none of ours. */
export function openTicket(sealing: Sealing, sealed: string): TestTicket | null {
  const plain = sealing.open(purpose, sealed);
  return plain === null ? null : TestTicket.parse(JSON.parse(plain));
}
