import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { Secret } from '../domain/secret.ts';
import { SigningAlgorithm, isPlainUrl } from './kinds/fields.ts';
import { UpstreamProfile } from './kinds/profile.ts';

const CallbackUrl = z
  .string()
  .max(500)
  .refine((value) => isPlainUrl(value) && new URL(value).href === value, 'must be a plain URL in canonical form');

/** The key our assertions are signed with. RFC 7523 §2.2, OpenID Connect Core §9. */
const ClientKey = z.strictObject({
  private_key: z.instanceof(Secret<'private_key'>).describe('PKCS8 as PEM, or a JWK'),
  alg: z.enum(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA']).default('ES256'),
  kid: z.string().min(1).max(200).optional(),
  'x5t#S256': z.string().optional(),
});

/** What is the same for every kind: us as its client. */
export const clientFields = {
  id: ConnectionId,
  name: z.string().min(1).max(100),
  client_id: z.string().min(1).max(500),
  client_secret: z.instanceof(Secret<'client_secret'>).nullable(),
  clientKey: ClientKey.nullable().default(null),
  tokenEndpointAuthMethod: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).default('client_secret_basic'),
  redirect_uri: CallbackUrl,
  pushedRequests: z.boolean().default(true).describe('RFC 9126: whether a request is pushed where that is offered'),
  isAskedAgain: z.boolean().default(false).describe('whether it is to give us a refresh token, to be asked again with after the sign-in'),
  allowedAlgorithms: z.array(SigningAlgorithm).min(1).default(['ES256', 'RS256', 'PS256', 'EdDSA']),
  timeoutSeconds: z.number().positive().max(30).default(5),
};

/** All the generic connector has to know: one OpenID provider, and us as its client. */
export const OidcSettings = z
  .strictObject({ ...clientFields, ...UpstreamProfile.shape })
  .refine((settings) => (settings.client_secret !== null) === settings.tokenEndpointAuthMethod.startsWith('client_secret'), {
    path: ['client_secret'],
    message: 'is needed exactly when tokenEndpointAuthMethod shows it',
  })
  .refine((settings) => (settings.clientKey !== null) === (settings.tokenEndpointAuthMethod === 'private_key_jwt'), {
    path: ['clientKey'],
    message: 'is needed exactly when tokenEndpointAuthMethod is private_key_jwt',
  });
export type OidcSettings = z.infer<typeof OidcSettings>;
/** As written down: what has a default may be left out. */
export type OidcSettingsInput = z.input<typeof OidcSettings>;
