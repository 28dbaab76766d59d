import { z } from 'zod';
import { parameterField, phishingResistantFields, proofFields } from './fields.ts';
import { askCloudIdentity, cloudIdentityLookup } from './group-lookup.ts';
import { defineKind } from './kind.ts';

const HostedDomain = z
  .string()
  .max(253)
  .regex(/^(\*|[a-z0-9-]+(\.[a-z0-9-]+)+)$/, 'must be a domain in lower case, or * for any Google Workspace');

/** Google accounts, of anybody or of the named Workspace domains. Google reports a second factor when asked; it cannot be made to demand one. */
export const google = defineKind({
  type: 'google',
  title: 'Google',
  shape: {
    hostedDomains: z
      .array(HostedDomain)
      .min(1)
      .optional()
      .describe(
        'The Google Workspace domains whose accounts may come in, each the primary domain of a Workspace; `*` means any Workspace. Compared with the claim `hd`. Without it any Google account may sign in, private ones too.',
      ),
    groupLookup: cloudIdentityLookup.describe(
      'Ask Cloud Identity which groups a person is in, nested ones too, with their own access token. A group is called by its address. Whom Cloud Identity does not answer for, such as a private account, is refused.',
    ),
    mfa: z
      .strictObject({
        amr: proofFields({ acr: [], amr: ['mfa'] }).amr,
        phishingResistant: phishingResistantFields({ acr: [], amr: [] }),
      })
      .prefault({})
      .describe('Which answers prove a second factor. Nothing outside the lists counts.'),
    authorizationParameters: parameterField(['hl']),
  },
  derive: ({ hostedDomains, groupLookup, mfa, authorizationParameters }) => ({
    issuer: 'https://accounts.google.com',
    scopes: ['openid', 'email', 'profile', ...askCloudIdentity(groupLookup).scopes],
    groupLookup: askCloudIdentity(groupLookup).groupLookup,
    guards: hostedDomains === undefined ? [] : [{ claim: '/hd', allowed: hostedDomains.includes('*') ? 'any' : hostedDomains }],
    // A hint for the account chooser; what counts is the claim.
    parameters: {
      ...authorizationParameters,
      ...(hostedDomains === undefined ? {} : { hd: hostedDomains.length === 1 ? (hostedDomains[0] ?? '*') : '*' }),
    },
    // Without the prompt it comes with the first consent alone, and not again should we lose it.
    offline: { parameters: { access_type: 'offline' }, prompt: 'consent' },
    // Of these Google says that they may be there and need not.
    leavesOutLater: ['name', 'given_name', 'family_name', 'picture', 'profile', 'locale'],
    emailTrust: 'google',
    asksAuthTime: true,
    mfa: { acr: [], ...mfa },
    asksBy: ['amr', 'auth_time'],
  }),
  example: { hostedDomains: ['acme.example'] },
  otherwise:
    'Google never demands a second factor because we ask; it says whether one was used, and only to published and verified apps. Have 2-Step Verification enforced in the Workspace. Without the claim the person is refused.',
  setup: (redirect_uri) => [
    'In the Google Cloud console open “Google Auth Platform”, then “Clients”, and create an OAuth client of the type “Web application”.',
    `Under “Authorized redirect URIs” enter, exactly: ${redirect_uri}`,
    'Under “Audience” choose “Internal” when only your own Workspace signs in; otherwise publish the app, since in testing sign-ins end after a week.',
    'Copy the client id and the client secret.',
    'For tenants that require a second factor: publish and verify the app, and switch on the session age and authentication strength claims.',
    'With recheck Google shows its consent page at every sign-in, since only there does it give us what to ask with.',
    'Google puts no groups into its tokens: set groupLookup, name people under a tenant’s members, or give the tenant a default role.',
    'For groupLookup: enable the Cloud Identity API in the project, add the scope cloud-identity.groups.readonly under “Data Access” (which Google verifies unless the app is internal), and mark the app as trusted in the Admin console under “API controls”. Nested groups are told by Workspace Enterprise Standard or Plus, Enterprise for Education and Cloud Identity Premium alone, and only where people may view the groups they are in.',
  ],
  samples: [
    {
      what: 'a Workspace account, with the claims a verified app may ask for',
      from: 'documented',
      claims: { sub: '110169484474386276334', hd: 'acme.example', email: 'ana@acme.example', email_verified: true, amr: ['pwd', 'mfa'] },
      means: { subject: '110169484474386276334', email: 'ana@acme.example', groups: [], mfa: true },
    },
    {
      what: 'an alias domain of the same Workspace: hd is the primary one',
      from: 'documented',
      claims: { sub: '110169484474386276335', hd: 'acme.example', email: 'bo@acme-alias.example', email_verified: true },
      means: { subject: '110169484474386276335', email: 'bo@acme-alias.example', groups: [], mfa: false },
    },
    {
      what: 'a private account with an address of the company',
      from: 'documented',
      claims: { sub: '110169484474386276336', email: 'eve@acme.example', email_verified: true },
      means: 'foreign',
    },
    {
      what: 'a Workspace whose domain looks alike',
      from: 'assumed',
      claims: { sub: '110169484474386276337', hd: 'acme.example.evil.example', email: 'eve@acme.example', email_verified: true },
      means: 'foreign',
    },
  ],
});
