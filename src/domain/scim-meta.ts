import { isoMoment } from './moment.ts';
import type { Versioned } from './scim-condition.ts';
import { versionTag } from './scim-condition.ts';
import type { ScimDocument } from './scim-patch.ts';

interface Dated extends Versioned {
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What a resource says of itself. RFC 7643 §3.1. */
export function metaOf(resourceType: 'User' | 'Group', row: Dated, location: string): ScimDocument {
  const version = versionTag(row);
  const dates = { created: isoMoment(row.createdAt), lastModified: isoMoment(row.changedAt) };
  return { resourceType, ...dates, location, ...(version === null ? {} : { version }) };
}
