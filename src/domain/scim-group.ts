import type { ProvisionedGroup } from './provisioned.ts';
import { ScimGroup } from './provisioned.ts';
import { groupTable, schemaNames } from './scim-attributes.ts';
import type { ScimFilter } from './scim-filter.ts';
import { metaOf } from './scim-meta.ts';
import type { ScimChange, ScimDocument } from './scim-patch.ts';
import { applyChange, readPatch } from './scim-patch.ts';
import { badRequest } from './scim-refusal.ts';
import { checked, keptOf } from './scim-user.ts';

/** What happens to the members of a group; `set` leaves those alone. */
export interface MemberChange {
  readonly op: 'add' | 'remove' | 'set';
  /** Ids of ours. */
  readonly users: readonly string[];
}

export interface GroupChange {
  readonly group: ScimGroup;
  /** Whether its name was spoken of, the same or another. */
  readonly isNamed: boolean;
  /** In this order. */
  readonly members: readonly MemberChange[];
}

const longestId = 200;

/** The ids in a list of members, or in one of them. RFC 7643 §4.2. */
function idsOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const ids = entries.map((entry) => {
    const found: unknown = typeof entry === 'object' && entry !== null && 'value' in entry ? entry.value : entry;
    if (typeof found !== 'string' || found === '' || found.length > longestId)
      throw badRequest('invalidValue', 'A member is named by the id of a user.');
    return found;
  });
  return [...new Set(ids)];
}

/** The ids that a filter on members names. */
function named(filter: ScimFilter): string[] {
  if (filter.is === 'or') return filter.of.flatMap(named);
  if (filter.is === 'eq' && filter.path.attribute === 'value' && filter.path.sub === null && typeof filter.value === 'string')
    return [filter.value];
  throw badRequest('invalidFilter', 'Members are chosen by the id of a user alone.');
}

function memberChange({ op, target, value }: ScimChange): MemberChange {
  if (target.filter !== null) {
    if (op !== 'remove') throw badRequest('invalidPath', 'A member is added or removed, and has nothing to be changed.');
    return { op: 'remove', users: named(target.filter) };
  }
  if (op === 'add') return { op, users: idsOf(value) };
  if (op === 'replace') return { op: 'set', users: idsOf(value) };
  // Without a list all of them go. RFC 7644 §3.5.2.2; Entra names those that do.
  return value === undefined || value === null ? { op: 'set', users: [] } : { op: 'remove', users: idsOf(value) };
}

/** A whole group: who is not named is not in it. RFC 7644 §3.5.1. */
export function readGroup(body: unknown): GroupChange {
  const { members, ...document } = keptOf(body, groupTable);
  return { group: checked(ScimGroup, document), isNamed: true, members: [{ op: 'set', users: idsOf(members) }] };
}

/** A group after a PATCH. */
export function patchGroup({ displayName, externalId }: ProvisionedGroup, body: unknown): GroupChange {
  const changes = readPatch(body, groupTable);
  const before: ScimDocument = { displayName, ...(externalId === undefined ? {} : { externalId }) };
  const members = changes.filter(({ attribute }) => attribute.kind === 'members').map(memberChange);
  const isNamed = changes.some(({ attribute }) => attribute.kind === 'text');
  return { group: checked(ScimGroup, changes.reduce(applyChange, before)), isNamed, members };
}

/** A group as answered, with its members where somebody asked for them. */
export const groupResource = (group: ProvisionedGroup, members: readonly string[] | null, location: string): ScimDocument => ({
  schemas: [schemaNames.group],
  id: group.id,
  displayName: group.displayName,
  ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
  ...(members === null ? {} : { members: members.map((value) => ({ value, type: 'User' })) }),
  meta: metaOf('Group', group, location),
});
