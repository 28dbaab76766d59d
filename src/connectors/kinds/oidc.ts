import { z } from 'zod';
import { IssuerUrl, JsonPointer, ScopeToken, claimFields, parameterField, phishingResistantFields, proofFields } from './fields.ts';
import { askGraph, graphLookup } from './group-lookup.ts';
import { defineKind } from './kind.ts';

const noProof = { acr: [], amr: [] };
/** Its OAuth server opens a session for each exchange, and tells when that one was opened. */
const supabaseProject = /^https:\/\/[a-z0-9-]+\.supabase\.co\/auth\/v1$/;

/** Any OpenID provider; what the other kinds know by themselves is said here by the administrator. */
export const oidc = defineKind({
  type: 'oidc',
  title: 'Any OpenID Connect identity provider',
  shape: {
    issuer: IssuerUrl.describe('Exactly as in its discovery document. OpenID Connect Discovery §4.3.'),
    scopes: z
      .array(ScopeToken)
      .min(1)
      .default(['openid', 'profile', 'email'])
      .describe('What we ask for at sign-in; must contain `openid`.'),
    claims: claimFields(null).prefault({}).describe('Where things stand in the claims, as JSON pointers. RFC 6901.'),
    userinfo: z
      .boolean()
      .default(false)
      .describe('Also ask the userinfo endpoint for claims the ID token lacks. OpenID Connect Core §5.3.'),
    groupLookup: graphLookup.describe(
      'For Microsoft Entra in a national cloud: ask Microsoft Graph which security groups a person is in, with their own access token.',
    ),
    authTime: z
      .boolean()
      .optional()
      .describe(
        '`false` when the `auth_time` in its ID tokens is when the token was made and not when the person signed in: it then proves no recent sign-in. Left out it is `true`, but for the OAuth server of a Supabase project. OpenID Connect Core §2.',
      ),
    tenantGuard: z
      .strictObject({
        claim: JsonPointer.describe('Where it stands, such as `/tenant`.'),
        allowed: z.array(z.string().min(1).max(300)).min(1).describe('What may stand there, exactly.'),
      })
      .optional()
      .describe('A claim that tells whose account it is, where one identity provider serves several organisations.'),
    mfa: z
      .strictObject({
        acr_values: z
          .array(z.string().regex(/^\S+$/))
          .default([])
          .describe('What is asked for when a second factor is needed. OpenID Connect Core §3.1.2.1.'),
        ...proofFields(noProof),
        phishingResistant: phishingResistantFields(noProof),
      })
      .prefault({})
      .describe('How it is asked for a second factor and which answers prove one. Nothing outside the lists counts.'),
    authorizationParameters: parameterField([
      'connection',
      'domain_hint',
      'hd',
      'idp',
      'kc_idp_hint',
      'organization',
      'screen_hint',
      'ui_locales',
    ]),
  },
  derive: ({ tenantGuard, authorizationParameters, authTime, groupLookup, ...profile }) => ({
    ...profile,
    scopes: [...profile.scopes, ...askGraph(groupLookup).scopes],
    groupLookup: askGraph(groupLookup).groupLookup,
    authTime: authTime ?? !supabaseProject.test(profile.issuer),
    guards: tenantGuard === undefined ? [] : [tenantGuard],
    parameters: authorizationParameters,
  }),
  example: {
    issuer: 'https://idp.example.com',
    claims: { groups: '/groups' },
    tenantGuard: { claim: '/tenant', allowed: ['acme'] },
    mfa: { acr_values: ['urn:example:2fa'], acr: ['urn:example:2fa'], amr: ['mfa'] },
  },
  otherwise:
    'With empty lists no answer proves anything: a tenant that requires a second factor cannot be entered through this connection.',
  setup: (redirect_uri) => [
    'Register an application of the kind “web application” that uses the authorization code flow with PKCE.',
    `Enter this redirect URI, exactly: ${redirect_uri}`,
    'Give us the issuer as its discovery document spells it, the client id, and a client secret; or upload our public key and use private_key_jwt.',
    'Have the groups put into the ID token, and tell us in claims.groups where they stand.',
    'Find out which acr or amr values its ID tokens carry after a second factor, and list exactly those under mfa.',
  ],
  samples: [
    {
      what: 'a person of the organisation, with a second factor',
      from: 'assumed',
      claims: { sub: '7', tenant: 'acme', email: 'ana@acme.example', groups: ['eng'], acr: 'urn:example:2fa' },
      means: { subject: '7', email: 'ana@acme.example', groups: ['eng'], mfa: true },
    },
    { what: 'a person of another organisation', from: 'assumed', claims: { sub: '7', tenant: 'Acme', groups: [] }, means: 'foreign' },
  ],
});
