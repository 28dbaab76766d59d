import { z } from 'zod';
import { isDomainName, isOpenToEverybody } from '../domain/email-domain.ts';
import { Secret } from '../domain/secret.ts';

/** A name people read on a page: one line, nothing invisible, nothing that turns the writing direction. */
export const DisplayName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line of visible text')
  .regex(/\S/, 'must be one line of visible text');

export const Identifier = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens, at most 40');

/** A domain as it stands in e-mail addresses, in ASCII. */
export const EmailDomain = z
  .string()
  .refine(isDomainName, 'must be a domain such as example.com, in lower case; one with other letters in its xn-- form')
  .refine((domain) => !isOpenToEverybody(domain), 'must not be a mail service where anybody can have an address');

/** RFC 6749 §3.3 scope-token. */
export const ScopeName = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'must be printable ASCII without spaces, quotes or backslashes');

export const Permission = z.string().regex(/^[\w.:*/-]{1,100}$/, 'must be letters, digits and . : * / _ -');

/** What has to be proven about a sign-in, for whatever the key belongs to. */
export const Requirement = z.strictObject({
  mfa: z.boolean().default(false).describe('Whether a second factor must be proven.'),
  phishingResistant: z
    .boolean()
    .default(false)
    .describe('Whether the sign-in must be proven to be one that cannot be phished, such as with a security key; and a second factor too.'),
  maxAgeSeconds: z
    .int()
    .min(60)
    .max(31_536_000)
    .optional()
    .describe('How long ago the person may have signed in at most. An identity provider that does not say when proves nothing.'),
});
export type Requirement = z.infer<typeof Requirement>;

/** A secret, wrapped as it comes in. The loader fills it from `<key>_file` too. */
export const secret = <Kind extends string>(kind: Kind, description: string) =>
  z
    .string()
    .min(1)
    .max(4096)
    .transform((value) => new Secret<Kind>(value))
    .meta({ title: `secret ${kind}`, description: `${description} Or give \`${kind}_file\`, the path of a file that holds it.` });

/** Put where a secret's file could not be read: it fails no check, since the problem is already named under the key of the file. */
export const standIn = 'Stand-in'.repeat(6).slice(0, 42).concat('A');

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** A plain URL: no credentials, no fragment, and https unless it stays on this machine. */
export function isSafeUrl(value: string, options: { readonly anyHttp?: true } = {}): boolean {
  if (value.length > 500 || /[\s\\#]/.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || url.hostname === '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && (options.anyHttp === true || loopback.includes(url.hostname)));
}

export const isLoopbackUrl = (value: string): boolean => URL.canParse(value) && loopback.includes(new URL(value).hostname);

/** An origin written as its own serialisation: RFC 8414 §2 without a path, so that byte-exact comparison cannot fail on a slash. */
export const Issuer = z
  .string()
  .refine(
    (value) => isSafeUrl(value) && new URL(value).origin === value,
    'must be an https origin (http only on loopback) without path, query, fragment or closing slash',
  );

export const WebUrl = z
  .string()
  .refine((value) => isSafeUrl(value), 'must be an https URL (http only on loopback) without credentials or fragment');

/** Traffic inside a company may be plain http. */
export const UpstreamUrl = z
  .string()
  .refine((value) => isSafeUrl(value, { anyHttp: true }), 'must be an http or https URL without credentials or fragment');

/** RFC 8707 §2: absolute, no fragment; compared byte for byte, so it has to be its own serialisation. */
export const ResourceIdentifier = z
  .string()
  .refine((value) => isSafeUrl(value) && !value.includes('?'), 'must be an https URL (http only on loopback) without query or fragment')
  .refine((value) => !URL.canParse(value) || new URL(value).href === value || new URL(value).origin === value, 'must be in canonical form');

/** A redirect URI as configured: https, http on loopback, or a private-use scheme. RFC 8252 §7.1. */
export const RedirectUri = z
  .string()
  .max(2000)
  .refine(
    (value) =>
      isSafeUrl(value) ||
      (URL.canParse(value) &&
        /^[a-z][a-z0-9+.-]*:\/[^\s\\#*]*$/.test(value) &&
        !/^(https?|javascript|data|file|blob|vbscript|about):/.test(value)),
    'must be https, http on loopback, or an app address',
  )
  .refine((value) => !value.includes('*'), 'must not contain a wildcard');

/** One entry of an allow-list: a redirect URI, or an https prefix ending in `*` that names a host and the start of a path. */
export const AllowedRedirect = z
  .string()
  .refine(
    (value) => RedirectUri.safeParse(value).success || (/^https:\/\/[^/*]+\/[^*]+\*$/.test(value) && isSafeUrl(value.slice(0, -1))),
    'must be an exact redirect URI, or an https prefix with a path ending in *',
  );

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/** An IP address or a CIDR range. */
export const Network = z
  .string()
  .refine(
    (value) =>
      new RegExp(`^${octet}(\\.${octet}){3}(/(3[0-2]|[12]?\\d))?$`).test(value) ||
      (/^[0-9a-f:.]+(\/(12[0-8]|1[01]\d|[1-9]?\d))?$/i.test(value) &&
        value.includes(':') &&
        URL.canParse(`http://[${value.split('/')[0] ?? ''}]/`)),
    'must be an IP address or a CIDR range',
  );

/** The address of a DNS server, with a port if it is not 53. */
export const DnsServer = z
  .string()
  .refine(
    (value) =>
      new RegExp(`^${octet}(\\.${octet}){3}(:\\d{1,5})?$`).test(value) ||
      (/^(\[[0-9a-f:.]+\](:\d{1,5})?|[0-9a-f:.]+)$/i.test(value) &&
        value.includes(':') &&
        URL.canParse(`http://[${/[0-9a-f:.]+/i.exec(value)?.[0] ?? ''}]/`)),
    'must be an IP address, with a port if it is not 53',
  );
