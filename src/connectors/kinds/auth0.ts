import { z } from 'zod';
import { HostName, ScopeToken, claimFields, parameterField, phishingResistantFields, proofFields } from './fields.ts';
import { defineKind } from './kind.ts';

const multiFactor = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';

/** Auth0, its issuer with the closing slash. A second factor is asked for by the PAPE value and proven by amr. */
export const auth0 = defineKind({
  type: 'auth0',
  title: 'Auth0',
  shape: {
    domain: HostName.describe('The tenant’s domain, such as `acme.eu.auth0.com`, or its custom domain when people sign in there.'),
    organization: z
      .string()
      .regex(/^org_[A-Za-z0-9]{1,60}$/, 'must be the id of an organization, org_ and what follows')
      .optional()
      .describe('The id of the Auth0 organization whose members may come in; compared with the claim `org_id`.'),
    scopes: z.array(ScopeToken).min(1).default(['openid', 'profile', 'email']).describe('What we ask for at sign-in.'),
    claims: claimFields(null)
      .prefault({})
      .describe('Where things stand in the claims, as JSON pointers: `/https:~1~1acme.example~1groups`. RFC 6901.'),
    mfa: z
      .strictObject({
        ...proofFields({ acr: [], amr: ['mfa'] }),
        phishingResistant: phishingResistantFields({ acr: [], amr: [] }),
      })
      .prefault({})
      .describe('Which answers prove a second factor. Nothing outside the lists counts.'),
    authorizationParameters: parameterField(['connection', 'screen_hint', 'ui_locales']),
  },
  derive: ({ domain, organization, scopes, claims, mfa, authorizationParameters }) => ({
    issuer: `https://${domain}/`,
    scopes,
    claims,
    guards: organization === undefined ? [] : [{ claim: '/org_id', allowed: [organization] }],
    parameters: { ...authorizationParameters, ...(organization === undefined ? {} : { organization }) },
    offline: { scopes: ['offline_access'] },
    mfa: { acr_values: [multiFactor], ...mfa },
    asksBy: ['acr_values'],
  }),
  example: { domain: 'acme.eu.auth0.example', organization: 'org_9ybsU1dN2dKfDkBi', claims: { groups: '/https:~1~1acme.example~1groups' } },
  otherwise:
    'amr stands in the token only when the factor was used in this very sign-in at Auth0’s own page; a remembered session proves nothing, and the person is refused.',
  setup: (redirect_uri) => [
    'In the dashboard: Applications, “Create Application”, “Regular Web Applications”.',
    `Under “Allowed Callback URLs” enter, exactly: ${redirect_uri}`,
    'Under “Organizations” allow the organization to sign in to this application, when you named one.',
    'Groups or roles come from an Action of the Login flow: api.idToken.setCustomClaim with a name of your own, such as https://acme.example/groups.',
    'Under Security, “Multi-factor Auth”, switch on at least one factor, and let an Action demand it when acr_values asks for multi-factor.',
    'To ask it again after the sign-in (recheck), leave the grant type “Refresh Token” of the application on.',
    'Copy the domain, the client id and the client secret.',
  ],
  samples: [
    {
      what: 'a member of the organization who was asked for a second factor',
      from: 'documented',
      claims: { sub: 'samlp|acme|ana', org_id: 'org_9ybsU1dN2dKfDkBi', 'https://acme.example/groups': ['eng'], amr: ['mfa'] },
      means: { subject: 'samlp|acme|ana', groups: ['eng'], mfa: true },
    },
    {
      what: 'a remembered session: amr is missing',
      from: 'documented',
      claims: { sub: 'auth0|507f1f77bcf86cd799439011', org_id: 'org_9ybsU1dN2dKfDkBi', 'https://acme.example/groups': [] },
      means: { subject: 'auth0|507f1f77bcf86cd799439011', groups: [], mfa: false },
    },
    {
      what: 'a member of another organization of the same name',
      from: 'assumed',
      claims: { sub: 'auth0|1', org_id: 'org_0000000000000000', org_name: 'acme', 'https://acme.example/groups': ['eng'] },
      means: 'foreign',
    },
    {
      what: 'somebody in no organization',
      from: 'documented',
      claims: { sub: 'auth0|2', 'https://acme.example/groups': ['eng'] },
      means: 'foreign',
    },
  ],
});
