import type { ScimCondition } from '../../domain/scim-condition.ts';
import { demandMeant, isKnown, readCondition } from '../../domain/scim-condition.ts';
import { listResponse, projected, providerConfig, resourceTypes, schemas } from '../../domain/scim-documents.ts';
import type { ScimDocument } from '../../domain/scim-patch.ts';
import { ScimRefusal } from '../../domain/scim-refusal.ts';
import type { ScimCaller } from '../../flows/steps/scim-caller.ts';
import { readJsonBody } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { valuesOf } from '../headers.ts';
import type { ScimFlows } from './flows.ts';
import type { ScimQuery } from './query.ts';
import { readQuery, wantsMembers } from './query.ts';

/** What was asked for, after the connection in its path. */
export interface ScimRequest {
  readonly exchange: Exchange;
  readonly caller: ScimCaller;
  /** The same, by the token as it is once more; throws when it is good no longer. */
  readonly askAgain: () => Promise<ScimCaller>;
  readonly kind: string;
  /** Null for all of a kind. */
  readonly id: string | null;
}

export interface ScimAnswer {
  readonly status: 200 | 201 | 204 | 304;
  /** With 304 what would have been answered. */
  readonly body: ScimDocument | null;
}

/** A whole group of some twenty thousand. */
const longestBody = 1_048_576;

const nothing = (): ScimRefusal => new ScimRefusal(404, null, 'There is no such resource.');

interface Heard {
  readonly caller: ScimCaller;
  readonly body: unknown;
}

/** The whole body, and whoever sent it: taking their time with it they go by the token as it is once it is there. */
async function heard({ exchange, askAgain }: ScimRequest): Promise<Heard> {
  const body = await readJsonBody(exchange, longestBody, ['application/scim+json', 'application/json']);
  return { caller: await askAgain(), body };
}

/** What can be done with one kind of resource. */
interface Kind {
  list(caller: ScimCaller, query: ScimQuery): Promise<ScimDocument>;
  read(caller: ScimCaller, id: string, query: ScimQuery): Promise<ScimDocument>;
  add(caller: ScimCaller, body: unknown): Promise<ScimDocument>;
  replace(caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument>;
  patch(caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument>;
  remove(caller: ScimCaller, id: string, condition: ScimCondition): Promise<void>;
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

async function serveAll(kind: Kind, request: ScimRequest, query: ScimQuery): Promise<ScimAnswer> {
  switch (request.exchange.req.method) {
    case 'GET':
      return { status: 200, body: shown(await kind.list(request.caller, query), query) };
    case 'POST': {
      const { caller, body } = await heard(request);
      return { status: 201, body: shown(await kind.add(caller, body), query) };
    }
    default:
      throw methodRefused();
  }
}

/** What is read, unless whoever reads has it already. */
function read(document: ScimDocument, condition: ScimCondition): ScimAnswer {
  const { version = null } = document['meta'] as { readonly version?: string };
  if (isKnown(condition, version)) return { status: 304, body: document };
  demandMeant(condition, version);
  return { status: 200, body: document };
}

async function serveOne(kind: Kind, request: ScimRequest, id: string, query: ScimQuery): Promise<ScimAnswer> {
  const { exchange, caller } = request;
  const condition = readCondition(valuesOf(exchange, 'if-match'), valuesOf(exchange, 'if-none-match'));
  switch (exchange.req.method) {
    case 'GET':
      return read(shown(await kind.read(caller, id, query), query), condition);
    case 'PUT':
    case 'PATCH': {
      const { caller: stillGood, body } = await heard(request);
      const change = exchange.req.method === 'PUT' ? kind.replace : kind.patch;
      return { status: 200, body: shown(await change(stillGood, id, body, condition), query) };
    }
    case 'DELETE':
      await kind.remove(caller, id, condition);
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
