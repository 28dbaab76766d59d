import { z } from 'zod';
import { Guid, ScopeToken, claimFields, parameterField } from './fields.ts';
import { entraSamples, exampleTenant } from './entra-samples.ts';
import { askGraph, graphLookup } from './group-lookup.ts';
import { defineKind } from './kind.ts';

const authority = 'https://login.microsoftonline.com';
/** The tenant of everybody’s private Microsoft account. */
const privateAccounts = '9188040d-6c67-4c5b-b112-36a304b66dad';

const TenantId = Guid.refine(
  (id) => id !== privateAccounts,
  'must be the tenant of an organisation; this one is that of all private accounts',
);
const contexts = z.array(z.string().regex(/^c\d{1,2}$/, 'must be the id of an authentication context, c1 to c99'));

/** One Microsoft Entra tenant, or several behind a multi-tenant registration. Its tokens say nothing of factors but which authentication contexts were satisfied. */
export const entra = defineKind({
  type: 'entra',
  title: 'Microsoft Entra ID',
  shape: {
    tenant: TenantId.describe('The directory (tenant) id where the application is registered.'),
    allowedTenants: z
      .array(TenantId)
      .default([])
      .describe(
        'Further tenants whose accounts may come in; the application then has to be registered as multi-tenant. Compared with the claim `tid`.',
      ),
    guests: z
      .boolean()
      .default(false)
      .describe('Whether guests, whose home is another directory, may come in. Told by the claims `idp` and `acct`.'),
    scopes: z
      .array(ScopeToken)
      .min(1)
      .default(['openid', 'profile', 'email'])
      .describe('What we ask for at sign-in; `profile` brings the object id.'),
    claims: claimFields('/groups')
      .prefault({})
      .describe('Where things stand in the claims, as JSON pointers: `/roles` for app roles. RFC 6901.'),
    groupLookup: graphLookup.describe(
      'Ask Microsoft Graph which security groups a person is in, with their own access token; needs an administrator’s consent to `GroupMember.Read.All`. Without it groups that the token does not list are unknown.',
    ),
    mfa: z
      .strictObject({
        acrs: contexts.max(1).default([]).describe('The authentication context that asks for a second factor: its id, such as `c1`.'),
        attested: z
          .boolean()
          .default(false)
          .describe(
            'Your word that a Conditional Access policy demands a second factor for this context. Entra grants a context that no policy guards, so without it nothing is proven.',
          ),
        phishingResistant: z
          .strictObject({ acrs: contexts.default([]).describe('Contexts whose policy demands a factor that cannot be phished.') })
          .optional()
          .describe('Which answers prove a factor that cannot be phished; counts with `attested` only.'),
      })
      .prefault({})
      .describe('How it is asked for a second factor and which answers prove one.'),
    authorizationParameters: parameterField(['domain_hint', 'mkt']),
  },
  derive: ({ tenant, allowedTenants, guests, scopes, claims, groupLookup, mfa, authorizationParameters }) => {
    const asking = askGraph(groupLookup);
    const tenants = [tenant, ...allowedTenants];
    const isOne = allowedTenants.length === 0;
    const resistant = mfa.phishingResistant?.acrs ?? [];
    return {
      issuer: `${authority}/${isOne ? tenant : 'organizations'}/v2.0`,
      issuerTemplate: isOne ? null : `${authority}/{tenantid}/v2.0`,
      scopes: [...scopes, ...asking.scopes],
      claims,
      groupLookup: asking.groupLookup,
      // sub is another one for every application; the directory object is the person.
      subject: ['/tid', '/oid'],
      guards: [{ claim: '/tid', allowed: tenants }, ...(guests ? [] : homeGuards(tenants))],
      parameters: authorizationParameters,
      offline: { scopes: ['offline_access'] },
      emailTrust: 'entra',
      hintWithSelection: false,
      assertionAudience: 'token_endpoint',
      acrClaim: 'acrs',
      mfa: {
        acr_values: mfa.acrs,
        ...(mfa.attested ? { acr: [...mfa.acrs, ...resistant], phishingResistant: { acr: resistant, amr: [] } } : {}),
      },
      asksBy: ['acrs'],
    };
  },
  example: { tenant: exampleTenant, mfa: { acrs: ['c1'], attested: true } },
  otherwise:
    'Entra’s tokens carry no amr and no acr. Without the attestation, or without the context in the token, nothing is proven and the person is refused. Authentication contexts need Entra ID P1.',
  setup: (redirect_uri) => [
    'In the Entra admin center: App registrations, “New registration”; single tenant unless you list further ones.',
    `Add the platform “Web” with this redirect URI, exactly: ${redirect_uri}`,
    'Under “Certificates & secrets” make a client secret; or upload a certificate and use private_key_jwt with alg PS256 and its SHA-256 thumbprint.',
    'Under “Token configuration” add to the ID token the optional claims email, xms_edov, acct, auth_time and acrs.',
    'There too add the groups claim, “Groups assigned to the application”; or define app roles and set claims.groups to /roles. Above 200 groups Entra leaves the list out, and the person is refused unless groupLookup is set.',
    'For groupLookup: under “API permissions” add the delegated Microsoft Graph permission GroupMember.Read.All and press “Grant admin consent”; people cannot consent to it themselves. Without the consent sign-ins end at Microsoft.',
    'For a second factor: under Conditional Access make an authentication context, a policy that demands MFA for it and covers everybody who signs in here, and then set mfa.attested.',
  ],
  samples: entraSamples,
});

/** A guest says where their home is; whoever says nothing is at home. */
function homeGuards(tenants: readonly string[]) {
  const homes = tenants.flatMap((id) => [`https://sts.windows.net/${id}/`, `${authority}/${id}/v2.0`]);
  return [
    { claim: '/idp', allowed: homes, optional: true },
    { claim: '/acct', allowed: [0, '0'], optional: true },
  ];
}
