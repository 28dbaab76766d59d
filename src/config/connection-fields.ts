import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { DisplayName, EmailDomain, Identifier } from './fields.ts';

/** What every connection is called, to us and to people, whatever is at its other end. */
export const connectionFields = {
  id: Identifier.pipe(ConnectionId).describe('Our name for it: part of its callback address, so it never changes.'),
  name: DisplayName.describe('What the sign-in button says.'),
  subline: DisplayName.optional().describe('A second line on the button.'),
  domains: z
    .array(EmailDomain)
    .max(200)
    .optional()
    .describe(
      'E-mail domains whose people sign in here, each spelled out. A domain counts once its DNS record is seen; `drawbridge domains` says what to publish.',
    ),
  tlsCaFile: z.string().min(1).optional().describe('A PEM file of the authority that signed its certificate, when that is a private one.'),
};
