import { z } from 'zod';
import { ScopeToken, claimFields, isPlainUrl, parameterField, phishingResistantFields, proofFields } from './fields.ts';
import { defineKind } from './kind.ts';
import type { TenantGuard } from './profile.ts';

const BaseUrl = z
  .string()
  .max(400)
  .refine(
    (value) => isPlainUrl(value) && !value.endsWith('/') && !value.includes('/realms/'),
    'must be https (http only on loopback), without /realms/… and without a closing slash',
  );

/** An alias may be given to another organization later, so the id decides where one is configured. */
function guardFor({ alias, id }: { readonly alias: string; readonly id?: string | undefined }): z.input<typeof TenantGuard> {
  if (id === undefined) return { claim: '/organization', allowed: [alias], shape: 'members' };
  return { claim: `/organization/${alias}/id`, allowed: [id] };
}

/** Keycloak or Red Hat build of Keycloak, one realm of it. Levels of authentication have the names the realm gives them. */
export const keycloak = defineKind({
  type: 'keycloak',
  title: 'Keycloak',
  shape: {
    baseUrl: BaseUrl.describe('Where Keycloak is, as people reach it: `https://sso.acme.example`, with `/auth` behind it on old servers.'),
    realm: z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'must be the name of a realm: letters, digits and . _ -')
      .describe('The realm.'),
    organization: z
      .strictObject({
        alias: z
          .string()
          .regex(/^[\w.-]{1,100}$/, 'must be the alias of an organization: letters, digits and . _ -')
          .describe('Its alias.'),
        id: z
          .string()
          .min(1)
          .max(100)
          .optional()
          .describe('Its id, which then has to stand in the claim too: an alias can be given to another organization.'),
      })
      .optional()
      .describe('The organization of the realm whose members may come in; compared with the claim `organization`.'),
    scopes: z.array(ScopeToken).min(1).default(['openid', 'profile', 'email']).describe('What we ask for at sign-in.'),
    claims: claimFields('/groups')
      .prefault({})
      .describe('Where things stand in the claims, as JSON pointers: `/realm_access/roles`. RFC 6901.'),
    mfa: z
      .strictObject({
        ...proofFields({ acr: [], amr: [] }),
        phishingResistant: phishingResistantFields({ acr: [], amr: [] }),
      })
      .prefault({})
      .describe('Which answers prove a second factor; the values of `acr` are also what is asked for. Nothing outside the lists counts.'),
    authorizationParameters: parameterField(['kc_idp_hint', 'ui_locales']),
  },
  derive: ({ baseUrl, realm, organization, scopes, claims, mfa, authorizationParameters }) => ({
    issuer: `${baseUrl}/realms/${realm}`,
    scopes: [...scopes, ...(organization === undefined ? [] : [`organization:${organization.alias}`])],
    claims,
    guards: organization === undefined ? [] : [guardFor(organization)],
    parameters: authorizationParameters,
    // What it gives without this scope ends with the session there, as a rule after half an hour.
    offline: { scopes: ['offline_access'] },
    mfa: { acr_values: mfa.acr, ...mfa },
    // acr_values would only be a wish here: Keycloak lets a lower level pass.
    asksBy: ['acr'],
  }),
  example: { baseUrl: 'https://sso.acme.example', realm: 'staff', organization: { alias: 'acme' }, mfa: { acr: ['gold'] } },
  otherwise:
    'A level that is not met ends in an error at Keycloak; “0” is a remembered session and proves nothing. With empty lists no answer proves anything. In every case the person is refused.',
  setup: (redirect_uri) => [
    'In the admin console of the realm: Clients, “Create client”, type “OpenID Connect”, “Client authentication” on, only “Standard flow”.',
    `Under “Valid redirect URIs” enter, exactly: ${redirect_uri}`,
    'Under “Advanced” set “Proof Key for Code Exchange Code Challenge Method” to S256.',
    'In the client’s dedicated scope add a mapper “Group Membership”: claim name groups, full group path on, add to ID token on.',
    'Under “Advanced”, “ACR to LoA mapping”, name the levels (for instance silver 1, gold 2), and give the browser flow the condition “Level of Authentication” for each.',
    'To ask it again after the sign-in (recheck), leave offline_access among the client scopes of the client, and the role of that name with the people.',
    'Copy the client secret from “Credentials”, or choose “Signed JWT” there and give it our public key.',
  ],
  samples: [
    {
      what: 'the organization as a list of aliases',
      from: 'documented',
      claims: { sub: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f11', organization: ['acme'], groups: ['/eng/platform'], acr: 'gold' },
      means: { subject: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f11', groups: ['/eng/platform'], mfa: true },
    },
    {
      what: 'the organization as an object with ids',
      from: 'documented',
      claims: {
        sub: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f11',
        organization: { acme: { id: '42c3e46f-2477-44d7-a85b-d3b43f6b31fa' } },
        groups: [],
        acr: '0',
      },
      means: { subject: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f11', groups: [], mfa: false },
    },
    {
      what: 'a member of another organization only',
      from: 'assumed',
      claims: { sub: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f12', organization: { other: { id: 'acme' } }, groups: [] },
      means: 'foreign',
    },
    { what: 'a member of none', from: 'documented', claims: { sub: 'b1c0a4de-7f3d-4c93-9d1c-1c8a0b4f2f13', groups: [] }, means: 'foreign' },
  ],
});
