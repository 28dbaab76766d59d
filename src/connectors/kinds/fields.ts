import { z } from 'zod';

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

/** RFC 6901 */
export const JsonPointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /groups');

/** RFC 6749 §3.3 scope-token. */
export const ScopeToken = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'must be printable ASCII without spaces, quotes or backslashes');

/** An issuer is compared byte for byte; where its discovery document stands follows from it. OpenID Connect Discovery §4. */
export const IssuerUrl = z
  .string()
  .max(500)
  .refine((value) => !value.includes('/.well-known/'), {
    error: 'must be the issuer itself, not the address of its discovery document: leave out /.well-known/ and what follows',
    abort: true,
  })
  .refine((value) => isPlainUrl(value), 'must be https (http only on loopback), without query, fragment or credentials');

/** The host name of a vendor's tenant: no scheme, no path. */
export const HostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/, 'must be a host name in lower case, without https:// and without a path');

export const Guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be the id in lower case, such as 11112222-3333-4444-5555-666677778888');

const separators = ['space', 'comma', 'semicolon'] as const;

/** Where things stand in the claims; what a kind knows is its default. */
export const claimFields = (groups: string | null) =>
  z.strictObject({
    groups: JsonPointer.nullable()
      .default(groups)
      .describe(
        groups === null
          ? 'Where the groups are in the claims, such as `/groups`. Without it the connection conveys no groups.'
          : 'Where the groups are in the claims; `null` when the connection is to convey none.',
      ),
    groupsSeparator: z
      .enum(separators)
      .optional()
      .describe('What stands between the groups where they come as one text. Without it one text is one group.'),
    email: JsonPointer.nullable().default('/email').describe('Where the e-mail address is; shown to people, never used to recognise them.'),
    name: JsonPointer.nullable().default('/name').describe('Where the person’s name is.'),
  });

export interface Proof {
  readonly acr: readonly string[];
  readonly amr: readonly string[];
}

/** `0` is how a provider says that it vouches for nothing, so it can prove nothing. OpenID Connect Core §2. */
const ProvenLevel = z
  .string()
  .min(1)
  .refine((value) => value !== '0', 'must not be 0, which is said of a sign-in that proves nothing');

/** The values of `acr` and `amr` that count as proof; what a kind knows is the default. */
export const proofFields = (standard: Proof) => ({
  acr: z
    .array(ProvenLevel)
    .default([...standard.acr])
    .describe('Values of `acr` accepted as proof of a second factor.'),
  amr: z
    .array(z.string().min(1))
    .default([...standard.amr])
    .describe('Values of `amr` accepted as proof of a second factor. RFC 8176.'),
});

export const phishingResistantFields = (standard: Proof) =>
  z
    .strictObject({
      acr: z
        .array(ProvenLevel)
        .default([...standard.acr])
        .describe('Values of `acr` accepted as proof.'),
      amr: z
        .array(z.string().min(1))
        .default([...standard.amr])
        .describe('Values of `amr` accepted as proof. RFC 8176.'),
    })
    .optional()
    .describe('Which answers prove a factor that cannot be phished. Nothing outside the lists counts.');

/** More parameters for the sign-in page of the identity provider: these names, and never one that decides something. */
export const parameterField = <Name extends string>(names: readonly [Name, ...Name[]]) =>
  z
    .partialRecord(z.enum(names), z.string().min(1).max(200))
    .optional()
    .describe(`More parameters for its sign-in page: ${names.map((name) => `\`${name}\``).join(', ')}. They are hints and prove nothing.`);

/** http is for the demonstration and for tests: this machine only. */
export function isLoopbackHttp(url: URL): boolean {
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

export function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === '' && !/[?#]/.test(value);
  return plain && (url.protocol === 'https:' || isLoopbackHttp(url));
}
