import { z } from 'zod';
import { IssuerUrl, ScopeToken, claimFields, parameterField, phishingResistantFields, proofFields } from './fields.ts';
import { defineKind } from './kind.ts';

/** Okta's authentication context values; those ending in :ifpossible promise nothing and are not here. */
const loa = { any: 'urn:okta:loa:2fa:any', resistant: ['phr', 'phrh'] };

/** Okta, its org authorization server or a custom one. It demands what is asked for, and says so in acr and amr. */
export const okta = defineKind({
  type: 'okta',
  title: 'Okta',
  shape: {
    issuer: IssuerUrl.describe(
      'Of the org authorization server, `https://acme.okta.com`, or of a custom one, `https://acme.okta.com/oauth2/default`; exactly as in its discovery document.',
    ),
    scopes: z
      .array(ScopeToken)
      .min(1)
      .default(['openid', 'profile', 'email', 'groups'])
      .describe('What we ask for at sign-in. A custom authorization server knows no `groups` scope unless one is made there.'),
    claims: claimFields('/groups').prefault({}).describe('Where things stand in the claims, as JSON pointers. RFC 6901.'),
    mfa: z
      .strictObject({
        acr_values: z.array(z.string().regex(/^\S+$/)).default([loa.any]).describe('What is asked for when a second factor is needed.'),
        ...proofFields({ acr: [loa.any, ...loa.resistant], amr: ['mfa'] }),
        phishingResistant: phishingResistantFields({ acr: loa.resistant, amr: [] }),
      })
      .prefault({})
      .describe('How it is asked for a second factor and which answers prove one. Nothing outside the lists counts.'),
    authorizationParameters: parameterField(['idp', 'ui_locales']),
  },
  derive: ({ mfa, authorizationParameters, ...profile }) => ({
    ...profile,
    parameters: authorizationParameters,
    offline: { scopes: ['offline_access'] },
    mfa: { ...mfa, phishingResistant: mfa.phishingResistant ?? { acr: loa.resistant, amr: [] } },
    asksBy: ['acr_values'],
  }),
  example: { issuer: 'https://acme.okta.example' },
  otherwise:
    'A value Okta does not know is ignored without a word, and one it cannot meet ends in unmet_authentication_requirements: in both cases the person is refused.',
  setup: (redirect_uri) => [
    'In the admin console: Applications, “Create App Integration”, “OIDC – OpenID Connect”, “Web Application”, grant type “Authorization Code”.',
    `Under “Sign-in redirect URIs” enter, exactly: ${redirect_uri}`,
    'Assign the people or groups who may use it.',
    'On the “Sign On” tab set a groups claim filter named groups that fits only the groups your rules use: above 100 groups Okta fails the sign-in.',
    'Copy the client id and secret, or choose “Public key / Private key” and add our public key.',
    'To ask it again after the sign-in (recheck), also allow the grant type “Refresh Token”.',
    'Check that the authentication policy of the app offers a second factor.',
  ],
  samples: [
    {
      what: 'a sign-in with two factors',
      from: 'documented',
      claims: {
        sub: '00uid4BxXw6I6TV4m0g3',
        email: 'ana@acme.example',
        groups: ['Eng'],
        acr: 'urn:okta:loa:2fa:any',
        amr: ['pwd', 'otp', 'mfa'],
      },
      means: { subject: '00uid4BxXw6I6TV4m0g3', email: 'ana@acme.example', groups: ['Eng'], mfa: true },
    },
    {
      what: 'a sign-in with a security key, reported by acr alone',
      from: 'documented',
      claims: { sub: '00uid4BxXw6I6TV4m0g3', groups: ['Eng'], acr: 'phr' },
      means: { subject: '00uid4BxXw6I6TV4m0g3', groups: ['Eng'], mfa: true },
    },
    {
      what: 'a password alone, although more was wished for',
      from: 'documented',
      claims: { sub: '00uid4BxXw6I6TV4m0g3', groups: [], acr: 'urn:okta:loa:2fa:any:ifpossible', amr: ['pwd'] },
      means: { subject: '00uid4BxXw6I6TV4m0g3', groups: [], mfa: false },
    },
    {
      what: 'no groups claim: the filter was never set',
      from: 'documented',
      claims: { sub: '00uid4BxXw6I6TV4m0g3', acr: 'urn:okta:loa:1fa:pwd', amr: ['pwd'] },
      means: { subject: '00uid4BxXw6I6TV4m0g3', groups: null, mfa: false },
    },
  ],
});
