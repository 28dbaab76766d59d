import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { Secret } from '../domain/secret.ts';

/** Signature algorithms with a public key; an ID token signed with a shared secret proves nothing to anyone else. RFC 8725 §3.1. */
export const SigningAlgorithm = z.enum([
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]);

const JsonPointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /groups');

const Issuer = z
  .string()
  .max(500)
  .refine((value) => isPlainUrl(value), 'must be https (http only on loopback), without query, fragment or credentials')
  .refine((value) => !value.includes('/.well-known/'), 'must be the issuer itself, not its discovery document');

const CallbackUrl = z
  .string()
  .max(500)
  .refine((value) => isPlainUrl(value) && new URL(value).href === value, 'must be a plain URL in canonical form');

/** What an administrator says about one OpenID provider and about us as its client. */
export const OidcSettings = z
  .strictObject({
    id: ConnectionId,
    name: z.string().min(1).max(100),
    issuer: Issuer.describe('OpenID Connect Discovery §4.3: exactly as in the discovery document'),
    client_id: z.string().min(1).max(500),
    client_secret: z.instanceof(Secret<'client_secret'>).nullable(),
    tokenEndpointAuthMethod: z.enum(['client_secret_basic', 'client_secret_post', 'none']).default('client_secret_basic'),
    redirect_uri: CallbackUrl,
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).default(['openid', 'email', 'profile']),
    claims: z
      .strictObject({
        groups: JsonPointer.nullable().default(null).describe('where the groups are; null when this connection conveys none'),
        email: JsonPointer.nullable().default('/email'),
        name: JsonPointer.nullable().default('/name'),
      })
      .prefault({}),
    userinfo: z.boolean().default(false).describe('OpenID Connect Core §5.3: also ask the userinfo endpoint for claims the ID token lacks'),
    mfa: z
      .strictObject({
        acr_values: z.array(z.string().regex(/^\S+$/)).default([]).describe('asked for when a second factor is demanded'),
        acr: z.array(z.string()).default([]).describe('accepted as proof'),
        amr: z.array(z.string()).default([]).describe('accepted as proof'),
        phishingResistant: z
          .strictObject({ acr: z.array(z.string().regex(/^\S+$/)).default([]), amr: z.array(z.string()).default([]) })
          .prefault({})
          .describe('accepted as proof of a phishing-resistant sign-in; its acr is also what is asked for'),
      })
      .prefault({}),
    allowedAlgorithms: z.array(SigningAlgorithm).min(1).default(['ES256', 'RS256', 'PS256', 'EdDSA']),
    timeoutSeconds: z.number().positive().max(30).default(5),
  })
  .refine((settings) => (settings.client_secret === null) === (settings.tokenEndpointAuthMethod === 'none'), {
    path: ['client_secret'],
    message: 'is needed exactly when tokenEndpointAuthMethod is not none',
  });
export type OidcSettings = z.infer<typeof OidcSettings>;
/** As written down: what has a default may be left out. */
export type OidcSettingsInput = z.input<typeof OidcSettings>;

/** http is for the demonstration and for tests: this machine only. */
export function isLoopbackHttp(url: URL): boolean {
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === '' && !/[?#]/.test(value);
  return plain && (url.protocol === 'https:' || isLoopbackHttp(url));
}
