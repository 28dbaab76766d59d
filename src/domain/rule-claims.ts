import { memberAt, partsOf } from './json-pointer.ts';
import type { MappingRule } from './mapping-rule.ts';
import type { Said } from './received-claims.ts';

/** Every place in the claims that a rule of these tenants looks at. */
export const pointersOf = (tenants: readonly { readonly rules: readonly MappingRule[] }[]): ReadonlySet<string> =>
  new Set(tenants.flatMap(({ rules }) => rules.flatMap(({ where = [] }) => where.map(({ claim }) => claim))));

/** What people write about themselves at Supabase: whoever went by it would let them choose their role. */
const writtenByPeople = ['user_metadata', 'raw_user_meta_data'];

export const isWrittenByPeople = (pointer: string): boolean => writtenByPeople.includes(partsOf(pointer)[0] ?? '');

const mostValues = 200;
const longestValue = 256;

/** The later of two that say the same thing is believed. */
const order: readonly Said['from'][] = ['access token', 'userinfo', 'ID token'];

function scalarText(value: unknown): string | null {
  const isScalar = typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
  return isScalar ? String(value) : null;
}

/** The values of one claim as text; null where they are more, or other, than can be compared: part of a list is not the list. */
function valuesOf(value: unknown): string[] | null {
  if (!Array.isArray(value)) return valuesOf(scalarText(value) === null ? [] : [value]);
  if (value.length > mostValues) return null;
  const texts = value.map(scalarText);
  const usable = texts.filter((text) => text !== null && text.length <= longestValue);
  return usable.length === texts.length ? [...new Set(usable as string[])] : null;
}

/** OpenID Connect Core §5.6.2: the claim is there, and kept where we did not ask. */
function isElsewhere(claims: Readonly<Record<string, unknown>>, pointer: string): boolean {
  const names = claims['_claim_names'];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, partsOf(pointer)[0] ?? '');
}

/** Everything that was said, each thing by whom it is believed of. */
const joined = (said: readonly Said[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(order.flatMap((from) => said.filter((each) => each.from === from)).flatMap(({ claims }) => Object.entries(claims)));

/**
 * What an upstream said where rules look, as `Arrival` wants it: an empty list where it said nothing, or nothing that is text, a number or
 * true or false; and no entry where we cannot tell. What the ID token says nobody else can say otherwise.
 */
export function claimsFor(pointers: Iterable<string>, said: readonly Said[]): Record<string, string[]> {
  const all = joined(said);
  const entries = [...pointers].flatMap((pointer): [string, string[]][] => {
    const value = memberAt(all, pointer);
    if (isWrittenByPeople(pointer) || (value === undefined && isElsewhere(all, pointer))) return [];
    const values = valuesOf(value);
    return values === null ? [] : [[pointer, values]];
  });
  return Object.fromEntries(entries);
}

/** What says nothing by not being there: claims by their names, or any. */
export type LeavesOut = 'any' | readonly string[];

/** The same of an answer that may say less than a sign-in does: null where it does not tell, and an empty list only where it tells that there is nothing. */
export function claimsToldAgain(
  pointers: Iterable<string>,
  { said, leavesOut }: { readonly said: readonly Said[]; readonly leavesOut: LeavesOut },
): Record<string, string[] | null> {
  const asked = [...pointers].filter((pointer) => !isWrittenByPeople(pointer));
  const all = joined(said);
  const told = claimsFor(asked, said);
  const isLeftOut = (pointer: string): boolean =>
    memberAt(all, pointer) === undefined && (leavesOut === 'any' || leavesOut.includes(partsOf(pointer)[0] ?? ''));
  return Object.fromEntries(asked.map((pointer) => [pointer, isLeftOut(pointer) ? null : (told[pointer] ?? null)]));
}
