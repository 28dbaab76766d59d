import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { DisplayName, Identifier, JsonPointer, ScopeName, WebUrl, secret } from './fields.ts';
import { SupabaseConnectionSchema } from './supabase-schema.ts';

const claims = z.strictObject({
  groups: JsonPointer.nullable()
    .default(null)
    .describe('Where the groups are in the claims, such as `/groups`. Without it the connection conveys no groups.'),
  email: JsonPointer.nullable().default('/email').describe('Where the e-mail address is; shown to people, never used to recognise them.'),
  name: JsonPointer.nullable().default('/name').describe('Where the person’s name is.'),
});

const mfa = z.strictObject({
  acr_values: z
    .array(z.string().regex(/^\S+$/))
    .default([])
    .describe('What is asked for when a second factor is needed. OpenID Connect Core §3.1.2.1.'),
  acr: z.array(z.string().min(1)).default([]).describe('Values of `acr` accepted as proof of a second factor.'),
  amr: z.array(z.string().min(1)).default([]).describe('Values of `amr` accepted as proof of a second factor. RFC 8176.'),
});

const OidcConnectionSchema = z.strictObject({
  id: Identifier.pipe(ConnectionId).describe('Our name for it: part of its callback address, so it never changes.'),
  type: z.literal('oidc').describe('The kind of connection.'),
  name: DisplayName.describe('What the sign-in button says.'),
  subline: DisplayName.optional().describe('A second line on the button.'),
  issuer: WebUrl.describe('Exactly as in its discovery document. OpenID Connect Discovery §4.3.'),
  client_id: z.string().min(1).max(500).describe('What it calls us.'),
  client_secret: secret('client_secret', 'Our secret there.').optional(),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'none'])
    .default('client_secret_basic')
    .describe('How we authenticate there. OpenID Connect Core §9.'),
  scopes: z.array(ScopeName).min(1).default(['openid', 'profile', 'email']).describe('What we ask for at sign-in; must contain `openid`.'),
  claims: claims.prefault({}).describe('Where things stand in the claims, as JSON pointers. RFC 6901.'),
  userinfo: z.boolean().default(false).describe('Also ask the userinfo endpoint for claims the ID token lacks. OpenID Connect Core §5.3.'),
  mfa: mfa.prefault({}).describe('How it is asked for a second factor and which answers prove one. Nothing outside the lists counts.'),
  allowedAlgorithms: z
    .array(z.enum(['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA']))
    .min(1)
    .default(['RS256', 'ES256', 'PS256', 'EdDSA'])
    .describe('Signature algorithms accepted in its ID tokens. RFC 8725 §3.1.'),
  tlsCaFile: z.string().min(1).optional().describe('A PEM file of the authority that signed its certificate, when that is a private one.'),
});

/** One identity provider people can sign in with. */
export const ConnectionSchema = z.discriminatedUnion('type', [OidcConnectionSchema, SupabaseConnectionSchema]);
