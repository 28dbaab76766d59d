import type { Identity, Known } from './user.ts';

/** What a connection says of somebody, as far as rules ask. Groups that are missing were not told, and neither was a claim that is null. */
export interface Told {
  readonly groups?: string[];
  /** By JSON pointer, each that rules look at; missing altogether where nothing is said of claims. */
  readonly claims?: Readonly<Record<string, string[] | null>>;
}

interface Facts extends Pick<Identity, 'groupsAt' | 'claimsAt'> {
  readonly known: Known;
  readonly knownAt: number;
}

/**
 * What is known of somebody once this has been said (ms): what was not told stays, with the time it was told, and what no rule looks at any
 * more goes. Null of whom nothing is known and no groups are told.
 */
export function knownAfter(before: Omit<Identity, 'userId'>, told: Told, now: number): Facts | null {
  const groups = told.groups ?? before.known?.groups;
  if (groups === undefined) return null;
  const earlier = before.known?.claims ?? {};
  const asked = Object.entries(told.claims ?? earlier);
  const claims = asked.flatMap(([pointer, values]): [string, string[]][] => {
    const known = values ?? earlier[pointer];
    return known === undefined ? [] : [[pointer, known]];
  });
  // Where nothing stood nothing can be out of date.
  const isOwed = asked.some(([pointer, values]) => values === null && (earlier[pointer] ?? []).length > 0);
  const claimsAt = isOwed ? (before.claimsAt ?? before.knownAt ?? 0) : told.claims === undefined ? before.claimsAt : undefined;
  const groupsAt = told.groups === undefined ? (before.groupsAt ?? before.knownAt ?? 0) : undefined;
  return {
    known: { groups, claims: Object.fromEntries(claims) },
    knownAt: now,
    ...(groupsAt === undefined ? {} : { groupsAt }),
    ...(claimsAt === undefined ? {} : { claimsAt }),
  };
}

/** Since when (ms) something that counts was not told again; null when all of it was told the last time. */
export function toldLast({ groupsAt, claimsAt }: Pick<Identity, 'groupsAt' | 'claimsAt'>): number | null {
  return groupsAt === undefined && claimsAt === undefined ? null : Math.min(groupsAt ?? Infinity, claimsAt ?? Infinity);
}
