import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { DisplayName, EmailDomain, Identifier } from './fields.ts';

/** When an upstream is asked whether a person is still there. */
export const recheck = z.strictObject({
  afterSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(900)
    .describe(
      'How long after a sign-in, or the last good answer, it is asked again before a token is renewed or an administrators’ page is shown.',
    ),
  graceSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(3600)
    .describe(
      'For how long after that it may fail to answer before nobody who came through it is given new tokens or pages; 0 for none. Also for how long what it then does not tell of a person counts as it was told last, unless `unknownGroups` says.',
    ),
});

/** What follows when it is not known in which groups a person is. */
const unknownGroups = z.strictObject({
  policy: z
    .enum(['refuse', 'last-known'])
    .default('refuse')
    .describe(
      '`refuse`: the sign-in ends. `last-known`: the groups that were told last of this person are gone by, if they are young enough.',
    ),
  lastKnownSeconds: z
    .int()
    .min(60)
    .max(7 * 86_400)
    .default(3600)
    .describe(
      'How old they may be, and whatever else a person’s roles come from where it is asked again and does not say. Whoever is taken out of a group keeps for so long what it gave, if the identity provider then fails to tell groups, which a person may be able to bring about.',
    ),
});

/** Who may come in for the first time. */
const newPeople = z.strictObject({
  who: z
    .enum(['anyone', 'proven-domain', 'by-rule', 'nobody'])
    .default('anyone')
    .describe(
      '`proven-domain`: whose e-mail address, as far as the identity provider vouches for it, is of one of `domains` that DNS proves. `by-rule`: to whom a rule or a name gives a role, and not only `defaultRole`.',
    ),
  most: z.int().min(1).max(100_000_000).optional().describe('How many in all. Whoever has been here before is not counted again.'),
});

/** How people become known before they sign in. */
const provisioning = z.strictObject({
  scim: z
    .literal(true)
    .describe(
      'The identity provider tells of people and groups at `{issuer}/scim/v2/{id}`, with a token from `drawbridge scim token`. RFC 7644. `externalId` has to be what names the person at sign-in: the object id at Entra, the user id at Okta.',
    ),
  required: z
    .boolean()
    .default(true)
    .describe(
      'Whether somebody who was not provisioned stays outside. With `false` they come in as without this, until it says that they are not active.',
    ),
});

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
  newPeople: newPeople
    .optional()
    .describe(
      'Who may sign in here for the first time; without it anybody whom the identity provider lets in. Others see that nobody has given them access.',
    ),
  unknownGroups: unknownGroups
    .optional()
    .describe(
      'What follows at a sign-in when the identity provider does not tell the person’s groups, or not all of them. Without it the sign-in is refused. Asked again later (`recheck`), what was told last counts for `lastKnownSeconds` with `last-known`, else for `afterSeconds` and `graceSeconds` together.',
    ),
  provisioning: provisioning
    .optional()
    .describe(
      'Who may sign in is told beforehand. Whoever is deactivated or removed there loses what they have here at once, and their groups count as if they stood in the token.',
    ),
  tlsCaFile: z.string().min(1).optional().describe('A PEM file of the authority that signed its certificate, when that is a private one.'),
};
