import type { Invitation } from '../../domain/invitation.ts';
import { InvitationTicket } from '../../domain/invitation.ts';
import type { Sealing } from '../../ports/sealing.ts';

const purpose = 'invitation';

/** What the link of an invitation carries; whoever reads the store cannot make one. */
export const ticketOf = (sealing: Sealing, { id, key }: Invitation): string => sealing.seal(purpose, JSON.stringify({ id, key }));

/** Null when it is not one of ours. */
export function readTicket(sealing: Sealing, ticket: string): InvitationTicket | null {
  const plain = sealing.open(purpose, ticket);
  return plain === null ? null : InvitationTicket.parse(JSON.parse(plain));
}
