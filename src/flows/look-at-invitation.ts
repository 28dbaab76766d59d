import { PageRefusal } from '../domain/oauth-error.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { InvitedDependencies, OpenInvitation } from './steps/invited.ts';
import { openInvitation } from './steps/invited.ts';
import { readTicket } from './steps/invitation-ticket.ts';

export interface LookDependencies extends InvitedDependencies {
  readonly sealing: Sealing;
}

/** What a link invites to; looking uses nothing up. */
export const lookAtInvitation =
  (dependencies: LookDependencies) =>
  async (ticket: string): Promise<OpenInvitation> => {
    const known = readTicket(dependencies.sealing, ticket);
    if (known === null) throw new PageRefusal('invitation-over', 'the ticket is not one of ours');
    const open = await openInvitation(dependencies)(known, null);
    if (open === null)
      throw new PageRefusal('invitation-over', 'the invitation was taken, is too old, or whoever made it may not any more');
    return open;
  };
