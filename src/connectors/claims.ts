import type { OidcSettings } from './oidc-settings.ts';

import { methodsOf } from '../domain/assurance.ts';
import { memberAt } from '../domain/json-pointer.ts';

/** Above it a list is taken for unknown. */
export const mostGroups = 2000;
const longestGroup = 256;
const longestText = 320;

type Separator = 'space' | 'comma' | 'semicolon';
type EmailTrust = OidcSettings['emailTrust'];

/** A decoded, verified claim set. */
export type Claims = Readonly<Record<string, unknown>>;

/** The member a JSON pointer names, or undefined. RFC 6901 §4. */
export const claimAt = (claims: Claims, pointer: string): unknown => memberAt(claims, pointer);

/**
 * The person's groups: none when the connection conveys none, null when it should and we cannot tell. Nothing is cut off to fit, since part of
 * a list is not the list. OpenID Connect Core §5.6.2 for the markers of a list kept elsewhere.
 */
export function groupsFrom(claims: Claims, pointer: string | null, separator?: Separator): readonly string[] | null {
  if (pointer === null) return [];
  const value = claimAt(claims, pointer);
  if (value === undefined || isElsewhere(claims, pointer)) return null;
  const list = listOf(value, separator);
  if (list.length > mostGroups) return null;
  const groups = new Set<string>();
  for (const group of list) {
    if (typeof group !== 'string' || group === '' || group.length > longestGroup) return null;
    groups.add(group);
  }
  return [...groups];
}

/** One text may hold several names; which character parts them is the upstream's own custom, so only a configured one does. */
function listOf(value: unknown, separator: Separator | undefined): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string' || separator === undefined) return [value];
  return value
    .split({ space: ' ', comma: ',', semicolon: ';' }[separator])
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Text for display: bounded, without control characters or the marks that turn the direction of reading. */
export function textFrom(claims: Claims, pointer: string | null): string | null {
  const value = pointer === null ? undefined : claimAt(claims, pointer);
  if (typeof value !== 'string' || value.length > longestText) return null;
  const text = value.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim();
  return text === '' ? null : text;
}

const isTrue = (value: unknown): boolean => value === true || value === 'true' || value === 1 || value === '1';

/** When an address may be shown as the person's: some upstreams repeat what somebody typed once. OpenID Connect Core §5.7. */
const vouchesFor: Readonly<Record<EmailTrust, (claims: Claims, email: string) => boolean>> = {
  'unless-unverified': ({ email_verified }) => email_verified !== false && email_verified !== 'false',
  // Google speaks for its own mailboxes and for those of the Workspace domain that the account belongs to.
  google: ({ email_verified, hd }, email) =>
    isTrue(email_verified) && (/@gmail\.com$/i.test(email) || (typeof hd === 'string' && hd !== '')),
  // Any administrator can write any address into a directory; this claim says that the directory owns its domain.
  entra: ({ xms_edov }) => isTrue(xms_edov),
};

export function emailFrom(claims: Claims, pointer: string | null, trust: EmailTrust = 'unless-unverified'): string | null {
  const email = textFrom(claims, pointer);
  return email !== null && /^[^\s@]+@[^\s@]+$/.test(email) && vouchesFor[trust](claims, email) ? email : null;
}

/** What names the person, joined by a colon; null when a part is missing, no text, or would make two people one. */
export function subjectFrom(claims: Claims, pointers: readonly string[]): string | null {
  const parts = pointers.map((pointer) => claimAt(claims, pointer));
  const usable = parts.every(
    (part) => typeof part === 'string' && /^[^\p{Cc}]{1,255}$/u.test(part) && (parts.length === 1 || !part.includes(':')),
  );
  return usable ? parts.join(':') : null;
}

/** The one `acr` of the token, or of several in `acrs` the first that is on a list, the list that asks most first. */
export function acrFrom(claims: Claims, claim: 'acr' | 'acrs', lists: readonly (readonly string[])[]): string | null {
  const value = claims[claim];
  if (claim === 'acr') return typeof value === 'string' && value.length <= 1000 ? value : null;
  const held: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
  return lists.flat().find((wanted) => held.includes(wanted)) ?? null;
}

/** `amr` as a list of words: an array of strings, a single one, or objects with a `method`. RFC 8176 §1. */
export function amrFrom(claims: Claims): readonly string[] {
  const value = claims['amr'];
  const list: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
  return list.map((entry) => (isObject(entry) ? entry['method'] : entry)).filter((entry) => typeof entry === 'string');
}

/** When the latest method in an `amr` of dated entries was used, in seconds; null when none is dated, or none before `until`. What is no method of authentication counts for nothing. */
export function amrTimeFrom(claims: Claims, until: number): number | null {
  const value = claims['amr'];
  const entries: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
  const times = entries.filter(isObject).flatMap(({ method, timestamp }) => {
    const dated = typeof method === 'string' && typeof timestamp === 'number' && Number.isFinite(timestamp);
    return dated && timestamp > 0 && timestamp <= until && methodsOf([method]).length > 0 ? [timestamp] : [];
  });
  return times.length === 0 ? null : Math.max(...times);
}

function isElsewhere(claims: Claims, pointer: string): boolean {
  const member = pointer.split('/')[1] ?? '';
  const names = claims['_claim_names'];
  return claims['hasgroups'] === true || claims['hasgroups'] === 'true' || (isObject(names) && Object.hasOwn(names, member));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
