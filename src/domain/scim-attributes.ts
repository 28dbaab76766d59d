/** The attributes that are kept of what is provisioned; every other is accepted and dropped. RFC 7643 §4.1, §4.2. */
export interface ScimAttribute {
  /** As it is written; it is compared in lower case. RFC 7643 §2.1. */
  readonly name: string;
  /** `list`: several objects with a `value` each. `members`: those of a group, kept apart. `ours`: nobody but us writes it. */
  readonly kind: 'text' | 'boolean' | 'complex' | 'list' | 'members' | 'ours';
  readonly subs?: readonly string[];
}

export type ScimTable = ReadonlyMap<string, ScimAttribute>;

const table = (attributes: readonly ScimAttribute[]): ScimTable => new Map(attributes.map((each) => [each.name.toLowerCase(), each]));

const ours: readonly ScimAttribute[] = ['id', 'meta', 'schemas'].map((name) => ({ name, kind: 'ours' }));

export const userTable: ScimTable = table([
  ...ours,
  { name: 'userName', kind: 'text' },
  { name: 'externalId', kind: 'text' },
  { name: 'active', kind: 'boolean' },
  { name: 'displayName', kind: 'text' },
  { name: 'title', kind: 'text' },
  { name: 'name', kind: 'complex', subs: ['formatted', 'givenName', 'familyName'] },
  { name: 'emails', kind: 'list', subs: ['value', 'type', 'primary'] },
  { name: 'groups', kind: 'ours' },
]);

export const groupTable: ScimTable = table([
  ...ours,
  { name: 'displayName', kind: 'text' },
  { name: 'externalId', kind: 'text' },
  { name: 'members', kind: 'members', subs: ['value'] },
]);

export const schemaNames = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
} as const;

const core = Object.values(schemaNames).map((name) => name.toLowerCase());

/** The name of an attribute without the schema of our own resources, in lower case; with another schema it stays the name of nothing we keep. */
export function attributeName(written: string): string {
  const name = written.toLowerCase();
  const schema = core.find((prefix) => name.startsWith(`${prefix}:`));
  return schema === undefined ? name : name.slice(schema.length + 1);
}

/** Whether a member is named by one of our schemas alone: what it holds is meant as if it stood outside. */
export const isCoreSchema = (written: string): boolean => core.includes(written.toLowerCase());
