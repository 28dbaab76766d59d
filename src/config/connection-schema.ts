import { z } from 'zod';
import { SigningAlgorithm } from '../connectors/kinds/fields.ts';
import { auth0 } from '../connectors/kinds/auth0.ts';
import { entra } from '../connectors/kinds/entra.ts';
import { google } from '../connectors/kinds/google.ts';
import { keycloak } from '../connectors/kinds/keycloak.ts';
import { kindOf } from '../connectors/kinds/known.ts';
import { oidc } from '../connectors/kinds/oidc.ts';
import { okta } from '../connectors/kinds/okta.ts';
import { connectionFields, recheck } from './connection-fields.ts';
import { secret } from './fields.ts';
import { SupabaseConnectionSchema, supabaseSetup } from './supabase-schema.ts';

const clientKey = z.strictObject({
  private_key: secret('private_key', 'PKCS8 in PEM (`-----BEGIN PRIVATE KEY-----`), or a JWK.'),
  alg: z.enum(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA']).default('ES256').describe('The algorithm it signs with. Entra wants PS256.'),
  kid: z.string().min(1).max(200).optional().describe('What the key is called there.'),
  'x5t#S256': z
    .string()
    .regex(/^[\w-]{43}$/, 'must be the SHA-256 thumbprint as base64url, 43 characters')
    .optional()
    .describe('The SHA-256 thumbprint of the certificate uploaded there, as base64url. RFC 7515 §4.1.8. Entra wants it.'),
});

const client = {
  client_id: z.string().min(1).max(500).describe('What it calls us.'),
  client_secret: secret('client_secret', 'Our secret there.').optional(),
  clientKey: clientKey.optional().describe('The key our assertions are signed with, for `private_key_jwt`. RFC 7523 §2.2.'),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic')
    .describe('How we authenticate there. OpenID Connect Core §9.'),
  pushedRequests: z
    .boolean()
    .optional()
    .describe(
      '`false` when it offers pushed requests and will not take ours; where it demands them they are pushed all the same. RFC 9126.',
    ),
  allowedAlgorithms: z
    .array(SigningAlgorithm)
    .min(1)
    .default(['RS256', 'ES256', 'PS256', 'EdDSA'])
    .describe('Signature algorithms accepted in its ID tokens. RFC 8725 §3.1.'),
  recheck: recheck
    .optional()
    .describe(
      'Ask it again, with the refresh token it gave us, whether a person is still there: who was removed or disabled loses their access, and roles follow what it says of groups and claims then. The kind asks for that token in the way it has to be asked for; with `oidc` add what brings one to `scopes`, as a rule `offline_access`.',
    ),
};

const type = <Type extends string>(name: Type) => z.literal(name).describe('The kind of connection.');

/** One identity provider people can sign in with. What each kind asks for is declared with the kind. */
export const ConnectionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: type('oidc'), ...connectionFields, ...client, ...oidc.shape }),
  z.strictObject({ type: type('google'), ...connectionFields, ...client, ...google.shape }),
  z.strictObject({ type: type('entra'), ...connectionFields, ...client, ...entra.shape }),
  z.strictObject({ type: type('okta'), ...connectionFields, ...client, ...okta.shape }),
  z.strictObject({ type: type('auth0'), ...connectionFields, ...client, ...auth0.shape }),
  z.strictObject({ type: type('keycloak'), ...connectionFields, ...client, ...keycloak.shape }),
  SupabaseConnectionSchema,
]);
export type ConnectionConfig = z.infer<typeof ConnectionSchema>;

/** What its kind says about setting it up there. */
export function upstreamSetup(connection: ConnectionConfig, redirect_uri: string) {
  const { title, setup } = connection.type === 'supabase' ? supabaseSetup : kindOf(connection.type);
  return { kind: title, issuer: upstreamIssuer(connection), steps: setup(redirect_uri) };
}

/** Who its tokens are from, typed in or derived. */
export const upstreamIssuer = (connection: ConnectionConfig): string =>
  connection.type === 'supabase' ? `${connection.projectUrl}/auth/v1` : kindOf(connection.type).profile(connection).issuer;

/** By what sign-in a provisioned person is found, as the kind of connection makes subjects. */
export const provisionedSubject = (connection: ConnectionConfig) => ({
  issuer: upstreamIssuer(connection),
  // Entra calls people by their object id, and we by the tenant it is of as well: one that leads to several is refused in cross-checks.ts.
  subjectPrefix: connection.type === 'entra' ? `${connection.tenant}:` : '',
});
