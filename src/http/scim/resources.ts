import { listResponse, projected, providerConfig, resourceTypes, schemas } from '../../domain/scim-documents.ts';
import type { ScimDocument } from '../../domain/scim-patch.ts';
import { ScimRefusal } from '../../domain/scim-refusal.ts';
import type { ScimCaller } from '../../flows/steps/scim-caller.ts';
import { readJsonBody } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import type { ScimFlows } from './flows.ts';
import type { ScimQuery } from './query.ts';
import { readQuery, wantsMembers } from './query.ts';

/** What was asked for, after the connection in its path. */
export interface ScimRequest {
  readonly exchange: Exchange;
  readonly caller: ScimCaller;
  readonly kind: string;
  /** Null for all of a kind. */
  readonly id: string | null;
}

export interface ScimAnswer {
  readonly status: 200 | 201 | 204;
  readonly body: ScimDocument | null;
}

/** A whole group of some twenty thousand. */
const longestBody = 1_048_576;

const nothing = (): ScimRefusal => new ScimRefusal(404, null, 'There is no such resource.');

const bodyOf = (exchange: Exchange): Promise<unknown> => readJsonBody(exchange, longestBody, ['application/scim+json', 'application/json']);

/** What can be done with one kind of resource. */
interface Kind {
  list(caller: ScimCaller, query: ScimQuery): Promise<ScimDocument>;
  read(caller: ScimCaller, id: string, query: ScimQuery): Promise<ScimDocument>;
  add(caller: ScimCaller, body: unknown): Promise<ScimDocument>;
  replace(caller: ScimCaller, id: string, body: unknown): Promise<ScimDocument>;
  patch(caller: ScimCaller, id: string, body: unknown): Promise<ScimDocument>;
  remove(caller: ScimCaller, id: string): Promise<void>;
}

const kindsOf = (flows: ScimFlows): ReadonlyMap<string, Kind> =>
  new Map<string, Kind>([
    [
      'Users',
      {
        list: (caller, { filter, page }) => flows.listUsers(caller, filter, page),
        read: (caller, id) => flows.readProvisionedUser(caller, id),
        add: flows.addUser,
        replace: flows.replaceUser,
        patch: flows.patchProvisionedUser,
        remove: flows.removeUser,
      },
    ],
    [
      'Groups',
      {
        list: (caller, query) => flows.listGroups(caller, query.filter, query.page, wantsMembers(query)),
        read: (caller, id, query) => flows.readProvisionedGroup(caller, id, wantsMembers(query)),
        add: flows.addGroup,
        replace: flows.replaceGroup,
        patch: flows.patchProvisionedGroup,
        remove: flows.removeGroup,
      },
    ],
  ]);

const methodRefused = (): ScimRefusal => new ScimRefusal(405, null, 'That cannot be done with it.');

/** What the endpoint says of itself. RFC 7644 §4. */
function aboutItself(kind: string, id: string | null, base: string): ScimDocument | null {
  if (kind === 'ServiceProviderConfig') return id === null ? providerConfig(base) : null;
  const all = kind === 'ResourceTypes' ? resourceTypes(base) : kind === 'Schemas' ? schemas(base) : null;
  if (all === null) return null;
  return id === null ? listResponse(all, all.length, 1) : (all.find((each) => each['id'] === id) ?? null);
}

/** With the attributes that were asked for, of each in a list. */
function shown(document: ScimDocument, { wanted, unwanted }: ScimQuery): ScimDocument {
  const { Resources } = document;
  if (!Array.isArray(Resources)) return projected(document, wanted, unwanted);
  return { ...document, Resources: (Resources as ScimDocument[]).map((each) => projected(each, wanted, unwanted)) };
}

async function serveAll(kind: Kind, { exchange, caller }: ScimRequest, query: ScimQuery): Promise<ScimAnswer> {
  switch (exchange.req.method) {
    case 'GET':
      return { status: 200, body: shown(await kind.list(caller, query), query) };
    case 'POST':
      return { status: 201, body: shown(await kind.add(caller, await bodyOf(exchange)), query) };
    default:
      throw methodRefused();
  }
}

async function serveOne(kind: Kind, { exchange, caller }: ScimRequest, id: string, query: ScimQuery): Promise<ScimAnswer> {
  switch (exchange.req.method) {
    case 'GET':
      return { status: 200, body: shown(await kind.read(caller, id, query), query) };
    case 'PUT':
      return { status: 200, body: shown(await kind.replace(caller, id, await bodyOf(exchange)), query) };
    case 'PATCH':
      return { status: 200, body: shown(await kind.patch(caller, id, await bodyOf(exchange)), query) };
    case 'DELETE':
      await kind.remove(caller, id);
      return { status: 204, body: null };
    default:
      throw methodRefused();
  }
}

/** Answers one request of whoever has proven for which connection they speak. */
export function serveScim(flows: ScimFlows): (request: ScimRequest) => Promise<ScimAnswer> {
  const kinds = kindsOf(flows);
  return async (request) => {
    const { exchange, caller, kind: name, id } = request;
    const kind = kinds.get(name);
    const query = readQuery(exchange.req.url ?? '');
    if (kind !== undefined) return id === null ? serveAll(kind, request, query) : serveOne(kind, request, id, query);
    const document = aboutItself(name, id, caller.base);
    if (document === null) throw nothing();
    if (exchange.req.method !== 'GET') throw methodRefused();
    return { status: 200, body: document };
  };
}
