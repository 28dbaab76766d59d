import type { z } from 'zod';
import { identityKey } from './identity.ts';
import type { ConnectionId } from './ids.ts';
import type { ProvisionedUser, Provisioning } from './provisioned.ts';
import { ScimUser } from './provisioned.ts';
import { schemaNames, userTable } from './scim-attributes.ts';
import type { ScimTable } from './scim-attributes.ts';
import { attributeName, isCoreSchema } from './scim-attributes.ts';
import { folded } from './scim-match.ts';
import { metaOf } from './scim-meta.ts';
import type { ScimDocument } from './scim-patch.ts';
import { applyChange, entriesOf, listOf, partsOf, readPatch, truthOf } from './scim-patch.ts';
import { badRequest } from './scim-refusal.ts';

const isEntry = (value: unknown): value is ScimDocument => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The attributes of a whole resource that are kept, under their own names; the rest, whatever it is called, is dropped. */
export function keptOf(body: unknown, table: ScimTable): ScimDocument {
  if (!isEntry(body)) throw badRequest('invalidSyntax', 'The body has to be one object.');
  const kept = new Map<string, unknown>();
  for (const [written, value] of Object.entries(body)) {
    const attribute = table.get(attributeName(written));
    if (isCoreSchema(written)) Object.entries(keptOf(value, table)).forEach(([name, each]) => kept.set(name, each));
    if (attribute === undefined || attribute.kind === 'ours' || value === null) continue;
    if (kept.has(attribute.name)) throw badRequest('invalidSyntax', 'An attribute stands there twice.');
    kept.set(attribute.name, attribute.kind === 'complex' && isEntry(value) ? partsOf(value, attribute) : value);
    if (attribute.kind === 'list') kept.set(attribute.name, entriesOf(value, attribute));
    if (attribute.kind === 'boolean') kept.set(attribute.name, truthOf(value));
  }
  return Object.fromEntries(kept);
}

/** Entries that say nothing, and objects without a part, are as good as absent. */
function tidied(document: ScimDocument): ScimDocument {
  const { name, emails, ...rest } = document;
  const addresses = listOf(emails).filter(({ value }) => value !== undefined && value !== '');
  const texts = Object.entries(rest).filter(([, value]) => value !== '');
  const isNamed = isEntry(name) && Object.values(name).some((part) => part !== '');
  return {
    ...Object.fromEntries(texts),
    ...(isNamed ? { name: Object.fromEntries(Object.entries(name).filter(([, part]) => part !== '')) } : {}),
    ...(addresses.length > 0 ? { emails: addresses } : {}),
  };
}

/** What is left of a resource, in bounds; throws `ScimRefusal` that names the attribute. */
export function checked<Shape extends z.ZodType>(shape: Shape, document: ScimDocument): z.infer<Shape> {
  const { data, error } = shape.safeParse(document);
  if (error !== undefined)
    throw badRequest('invalidValue', `${String(error.issues[0]?.path[0] ?? 'The body')} is missing or not as it has to be.`);
  return data;
}

/** A whole person, new or in place of what was known. Who is not said to be active or not stays as they are, and is active when new. */
export function readUser(body: unknown, before: ProvisionedUser | null): ScimUser {
  return checked(ScimUser, tidied({ active: before?.active ?? true, ...keptOf(body, userTable) }));
}

export const userDocument = ({ userName, externalId, active, attributes }: ProvisionedUser): ScimUser => ({
  userName,
  ...(externalId === undefined ? {} : { externalId }),
  active,
  ...attributes,
});

/** A person after a PATCH. */
export function patchUser(before: ProvisionedUser, body: unknown): ScimUser {
  const document: ScimDocument = { ...userDocument(before) };
  return checked(ScimUser, tidied(readPatch(body, userTable).reduce(applyChange, document)));
}

/** A name within its connection, without case. */
export const nameKey = (connectionId: ConnectionId, name: string): string => `${connectionId}:${folded(name)}`;

/** The fields of a row that come from what was provisioned. */
export type UserFields = Pick<ProvisionedUser, 'userName' | 'userNameKey' | 'externalId' | 'identityId' | 'active' | 'attributes'>;

export function userFields(
  { userName, externalId, active, ...attributes }: ScimUser,
  connectionId: ConnectionId,
  provisioning: Provisioning,
): UserFields {
  const fields = { userName, userNameKey: nameKey(connectionId, userName), active, attributes };
  if (externalId === undefined) return fields;
  const { issuer, subjectPrefix } = provisioning;
  return { ...fields, externalId, identityId: identityKey({ connectionId, issuer, subject: `${subjectPrefix}${externalId}` }) };
}

/** A person as answered. `location` is their address. */
export const userResource = (user: ProvisionedUser, location: string): ScimDocument => ({
  schemas: [schemaNames.user],
  id: user.id,
  ...userDocument(user),
  ...(user.groups.length === 0 ? {} : { groups: user.groups.map(({ id, displayName }) => ({ value: id, display: displayName })) }),
  meta: metaOf('User', user, location),
});
