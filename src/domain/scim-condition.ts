import { badRequest, ScimRefusal } from './scim-refusal.ts';

/** A row whose version counts its changes. */
export interface Versioned {
  readonly version: number;
  /** There in the middle of a change, and after one that was cut off: what is read may be half of it, and has no version. */
  readonly movingUntil?: number | undefined;
}

/** Tags as they are compared, without the sign that they are weak; null for a field that was not sent. */
type Tags = readonly string[] | 'any' | null;

/** The version a request is meant for. RFC 7644 §3.14; RFC 9110 §13.1. */
export interface ScimCondition {
  readonly match: Tags;
  readonly noneMatch: Tags;
}

/** Weak, since one version is answered with more attributes and with fewer. RFC 7644 §3.14. */
export const versionTag = ({ version, movingUntil }: Versioned): string | null => (movingUntil === undefined ? `W/"${version}"` : null);

const mostTags = 100;

function tagsOf(fields: readonly string[]): Tags {
  if (fields.length === 0) return null;
  const given = fields.join(',').trim();
  if (given === '*') return 'any';
  const tags = given.split(',').map((tag) => /^\s*(?:W\/)?("[!#-+\--~]{0,100}")\s*$/.exec(tag)?.[1]);
  if (tags.length > mostTags || tags.includes(undefined))
    throw badRequest('invalidValue', 'If-Match and If-None-Match hold versions as they were answered, or *.');
  return tags.filter((tag) => tag !== undefined);
}

/** What stands in `If-Match` and `If-None-Match`, each as often as it was sent; throws `ScimRefusal`. */
export const readCondition = (match: readonly string[], noneMatch: readonly string[]): ScimCondition => ({
  match: tagsOf(match),
  noneMatch: tagsOf(noneMatch),
});

const holds = (tags: Exclude<Tags, null>, tag: string | null): boolean =>
  tags === 'any' || (tag !== null && tags.includes(tag.replace('W/', '')));

/** Throws where a resource whose version is this one is not the one that is meant. */
export function demandMeant({ match, noneMatch }: ScimCondition, tag: string | null): void {
  if ((match === null || holds(match, tag)) && (noneMatch === null || !holds(noneMatch, tag))) return;
  throw new ScimRefusal(412, null, 'It is not the version that was named. Read it again.');
}

/** Whether whoever reads has what would be answered already. */
export const isKnown = ({ noneMatch }: ScimCondition, tag: string | null): boolean => noneMatch !== null && holds(noneMatch, tag);
