import { z } from 'zod';
import type { RedirectPolicy } from './resource.ts';

/** A redirect URI proven to belong to the client; `matchRedirectUri` alone makes one, and nothing else may be redirected to. */
export const ReturnAddress = z
  .object({
    uri: z.string(),
    kind: z.enum(['loopback', 'web', 'app']),
    /** What to show a person: host and port, or the private-use scheme. */
    host: z.string(),
  })
  .brand<'ReturnAddress'>();
export type ReturnAddress = z.infer<typeof ReturnAddress>;

const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::([1-9]\d{0,4}))?(\/[^#]*)?$/;

/** An address without a dot in its scheme that a well-known client insists on, matched whole. RFC 8252 §7.1 would have them refused. */
const knownAppAddresses: readonly string[] = ['cursor://anysphere.cursor-mcp/oauth/callback'];

/** Ours to add, so an address that brings one would be answered with two. RFC 6749 §4.1.2, RFC 9207 §2. */
const answerParameters: readonly string[] = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

function kindOf(uri: string): ReturnAddress['kind'] | null {
  if (loopback.test(uri)) return 'loopback';
  if (uri.startsWith('https://')) return 'web';
  // RFC 8252 §7.1: a private-use scheme is a reversed domain name, so it has a dot.
  if (/^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:\//.test(uri) || knownAppAddresses.includes(uri)) return 'app';
  return null;
}

/** May this URI be registered at all? Absolute, without fragment, user information, wildcard or answer of its own, and equal to its own serialisation. RFC 9700 §2.1. */
export function isRegistrableRedirectUri(uri: string): boolean {
  if (uri.length > 2000 || !/^[\x21-\x7e]+$/.test(uri) || /[\\#*"<>`]/.test(uri) || !URL.canParse(uri)) return false;
  const kind = kindOf(uri);
  if (kind === null) return false;
  const url = new URL(uri);
  if (url.username !== '' || url.password !== '' || uri.includes('@')) return false;
  if ([...url.searchParams.keys()].some((name) => answerParameters.includes(name))) return false;
  if (kind === 'web' && (url.hostname.endsWith('.') || url.hostname === '')) return false;
  if (kind === 'loopback' && Number(loopback.exec(uri)?.[2] ?? '1') > 65535) return false;
  return url.href === uri || url.href === `${uri}/` || (kind === 'loopback' && /^http:\/\/[^/]*:80(\/|$)/.test(uri));
}

/** Does the resource's policy let its answers go there? Loopback addresses are on the person's own machine and always possible. */
export function isAdmittedBy(policy: RedirectPolicy, uri: string): boolean {
  if (policy.policy === 'open' || loopback.test(uri)) return true;
  return policy.allow.some((entry) => (entry.endsWith('*') ? uri.startsWith(entry.slice(0, -1)) : entry === uri));
}

function sameAddress(registered: string, given: string): boolean {
  if (registered === given) return true;
  // RFC 8252 §7.3: the port of a loopback redirect is chosen at the moment of the request.
  const left = loopback.exec(registered);
  const right = loopback.exec(given);
  return left !== null && right !== null && left[1] === right[1] && (left[3] ?? '') === (right[3] ?? '');
}

/**
 * Proves that `given` is one of the client's addresses: raw string equality, but for the port of a loopback address. Without
 * `given` the only registered one is meant. Null when it is not proven. RFC 6749 §3.1.2.3, RFC 9700 §4.1.3.
 */
export function matchRedirectUri(registered: readonly string[], given: string | null): ReturnAddress | null {
  const uri = given ?? (registered.length === 1 ? registered[0] : undefined);
  if (uri === undefined || !isRegistrableRedirectUri(uri) || !registered.some((entry) => sameAddress(entry, uri))) return null;
  const kind = kindOf(uri);
  if (kind === null) return null;
  const url = new URL(uri);
  return { uri, kind, host: kind === 'app' ? url.protocol : url.host } as ReturnAddress;
}

/** The address with response parameters added behind its own query, each exactly once. RFC 6749 §4.1.2. */
export function respondTo(address: ReturnAddress, parameters: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.append(name, value);
  return `${address.uri}${address.uri.includes('?') ? '&' : '?'}${query.toString()}`;
}
