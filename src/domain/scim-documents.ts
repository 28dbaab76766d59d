import { groupTable, schemaNames, userTable } from './scim-attributes.ts';
import type { ScimAttribute, ScimTable } from './scim-attributes.ts';
import type { ScimDocument } from './scim-patch.ts';
import { badRequest } from './scim-refusal.ts';
import type { ScimRefusal } from './scim-refusal.ts';

const prefix = 'urn:ietf:params:scim';

/** How many resources one answer holds. RFC 7644 §3.4.2.4. */
export const mostResults = 200;
const usualResults = 100;

export interface ScimPage {
  /** From 1 on. */
  readonly startIndex: number;
  readonly count: number;
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw badRequest('invalidValue', 'startIndex and count are whole numbers.');
  return Number(text);
}

/** Below one is one, a negative count is none, and nobody gets more than we give. RFC 7644 §3.4.2.4. */
export const readPage = (startIndex: string | undefined, count: string | undefined): ScimPage => ({
  startIndex: Math.max(1, wholeNumber(startIndex, 1)),
  count: Math.min(mostResults, Math.max(0, wholeNumber(count, usualResults))),
});

/** RFC 7644 §3.4.2. */
export const listResponse = (resources: readonly ScimDocument[], totalResults: number, startIndex: number): ScimDocument => ({
  schemas: [`${prefix}:api:messages:2.0:ListResponse`],
  totalResults,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

/** RFC 7644 §3.12: the status is a text. */
export const errorDocument = ({ status, scimType, detail }: Pick<ScimRefusal, 'status' | 'scimType' | 'detail'>): ScimDocument => ({
  schemas: [`${prefix}:api:messages:2.0:Error`],
  status: String(status),
  ...(scimType === null ? {} : { scimType }),
  detail,
});

/** RFC 7643 §5. */
export const providerConfig = (base: string): ScimDocument => ({
  schemas: [`${prefix}:schemas:core:2.0:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: mostResults },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [{ type: 'oauthbearertoken', name: 'Bearer token', description: 'The token of this connection. RFC 6750.' }],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
});

/** RFC 7643 §6. */
export const resourceTypes = (base: string): ScimDocument[] =>
  (['User', 'Group'] as const).map((name) => ({
    schemas: [`${prefix}:schemas:core:2.0:ResourceType`],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema: name === 'User' ? schemaNames.user : schemaNames.group,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }));

const exact = ['id', 'externalId'];
const required = ['userName'];

function attributeDocument({ name, kind, subs }: ScimAttribute, sure: readonly string[]): ScimDocument {
  const isMany = kind === 'list' || kind === 'members' || name === 'groups';
  const type = isMany || kind === 'complex' ? 'complex' : kind === 'boolean' ? 'boolean' : 'string';
  const inside = name === 'groups' ? ['value', 'display'] : subs;
  return {
    name,
    type,
    multiValued: isMany,
    required: sure.includes(name),
    caseExact: exact.includes(name),
    mutability: kind === 'ours' ? 'readOnly' : 'readWrite',
    returned: 'default',
    uniqueness: sure.includes(name) ? 'server' : 'none',
    ...(inside === undefined ? {} : { subAttributes: inside.map((sub) => attributeDocument(subAttribute(sub), [])) }),
  };
}

const subAttribute = (name: string): ScimAttribute => ({ name, kind: name === 'primary' ? 'boolean' : 'text' });

const schemaDocument = (id: string, name: string, table: ScimTable, sure: readonly string[], base: string): ScimDocument => ({
  schemas: [`${prefix}:schemas:core:2.0:Schema`],
  id,
  name,
  description: `What is kept of a ${name.toLowerCase()}.`,
  attributes: [...table.values()]
    .filter(({ name: each }) => !['id', 'meta', 'schemas', 'externalId'].includes(each))
    .map((each) => attributeDocument(each, sure)),
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
});

/** RFC 7643 §7: what we keep, and nothing else. */
export const schemas = (base: string): ScimDocument[] => [
  schemaDocument(schemaNames.user, 'User', userTable, required, base),
  schemaDocument(schemaNames.group, 'Group', groupTable, ['displayName'], base),
];

/** A resource with the attributes somebody asked for; what it is and where always stays. RFC 7644 §3.9. */
export function projected(resource: ScimDocument, wanted: ReadonlySet<string> | null, unwanted: ReadonlySet<string>): ScimDocument {
  const always = new Set(['schemas', 'id', 'meta']);
  const isKept = (name: string) => always.has(name) || (wanted?.has(name.toLowerCase()) ?? !unwanted.has(name.toLowerCase()));
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isKept(name)));
}
