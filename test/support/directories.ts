/** Microsoft Graph and Cloud Identity on loopback, as far as somebody asks which groups they are in, written from the vendors' reference pages. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface DirectoryGroup {
  readonly id: string;
  readonly name: string;
  /** Groups that this one is a member of. */
  readonly in?: readonly string[];
  /** Graph: a Microsoft 365 group without this is for mail. Cloud Identity: labelled as a security group. */
  readonly security?: boolean;
  /** Cloud Identity: the Workspace it belongs to. */
  readonly customer?: string;
}

export interface FakeDirectory {
  readonly api: string;
  groups: DirectoryGroup[];
  /** Whom a token is for and what it may; the first fits where a token is not listed. */
  person: { readonly email: string; scopes: readonly string[]; in: readonly string[] };
  /** Smaller pages than were asked for, as either may give. */
  pageSize: number | null;
  /** Takes a request over by its number, from 1: answers, or leaves it hanging; false lets it through. */
  fault: ((nth: number, response: ServerResponse, request: IncomingMessage) => boolean) | null;
  /** The paths with queries that were asked for, and the tokens shown. */
  readonly asked: { readonly url: URL; readonly token: string | null }[];
  close(): Promise<void>;
}

type Answer = (directory: FakeDirectory, url: URL, token: string | null) => readonly [status: number, body: object];

async function open(answer: Answer, scopes: readonly string[]): Promise<FakeDirectory> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', directory.api);
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
    directory.asked.push({ url, token });
    if (directory.fault?.(directory.asked.length, response, request) === true) return;
    const [status, body] = answer(directory, url, token);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  });
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory: FakeDirectory = {
    api: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    groups: [],
    person: { email: 'ana@acme.example', scopes, in: [] },
    pageSize: null,
    fault: null,
    asked: [],
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return directory;
}

/** A group the person is in brings every group that it is in. */
function membershipsOf({ groups, person }: FakeDirectory): DirectoryGroup[] {
  const found = new Set<string>();
  const add = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const parent of groups.find((group) => group.id === id)?.in ?? []) add(parent);
  };
  for (const id of person.in) add(id);
  return groups.filter(({ id }) => found.has(id));
}

function pageOf<Entry>(
  all: readonly Entry[],
  from: number,
  size: number,
): { readonly page: readonly Entry[]; readonly next: number | null } {
  return { page: all.slice(from, from + size), next: from + size < all.length ? from + size : null };
}

const graphError = (code: string) => ({ error: { code, message: 'CNRYmessage', innerError: { date: '2026-01-01T00:00:00' } } });

/** `GET /me/transitiveMemberOf`, v1.0: what the scopes of the token do not let it read is null, and the status is 200 all the same. */
const graph: Answer = (directory, url, token) => {
  const { person, api } = directory;
  if (token === null) return [401, graphError('InvalidAuthenticationToken')];
  if (url.pathname !== '/v1.0/me/transitiveMemberOf') return [404, graphError('Request_ResourceNotFound')];
  if (!person.scopes.some((scope) => ['User.Read', 'GroupMember.Read.All', 'Directory.Read.All'].includes(scope)))
    return [403, graphError('Authorization_RequestDenied')];
  const top = Number(url.searchParams.get('$top') ?? 100);
  if (!(top >= 1 && top <= 999)) return [400, graphError('Request_BadRequest')];
  const reads = person.scopes.some((scope) => ['GroupMember.Read.All', 'Directory.Read.All'].includes(scope));
  const entries = [
    { '@odata.type': '#microsoft.graph.directoryRole', id: 'aaaa0000-0000-4000-8000-000000000001', displayName: null },
    ...membershipsOf(directory).map(({ id, name, security }) => ({
      '@odata.type': '#microsoft.graph.group',
      id,
      displayName: reads ? name : null,
      securityEnabled: reads ? security !== false : null,
    })),
    { '@odata.type': '#microsoft.graph.administrativeUnit', id: 'aaaa0000-0000-4000-8000-000000000002', displayName: null },
  ];
  const { page, next } = pageOf(entries, Number(url.searchParams.get('$skiptoken') ?? 0), Math.min(top, directory.pageSize ?? top));
  const following = new URL(url.href);
  following.searchParams.set('$skiptoken', String(next));
  const context = `${api}/v1.0/$metadata#directoryObjects(id,displayName,securityEnabled)`;
  return [200, { '@odata.context': context, ...(next === null ? {} : { '@odata.nextLink': following.href }), value: page }];
};

const googleError = (code: number, status: string) => ({ error: { code, status, message: 'CNRYmessage' } });
const text = String.raw`'((?:[^'\\]|\\.)*)'`;
const googleQuery = new RegExp(
  `^member_key_id == ${text} && 'cloudidentity\\.googleapis\\.com/groups\\.(discussion_forum|security)' in labels(?: && parent == 'customers/(C\\w+)')?$`,
);
export const groupsScope = 'https://www.googleapis.com/auth/cloud-identity.groups.readonly';

/** `GET /v1/groups/-/memberships:searchTransitiveGroups`: 403 for a token without the scope, for an edition without the feature, and for somebody else. */
const cloudIdentity: Answer = (directory, url, token) => {
  const { person } = directory;
  if (token === null) return [401, googleError(401, 'UNAUTHENTICATED')];
  if (url.pathname !== '/v1/groups/-/memberships:searchTransitiveGroups') return [404, googleError(404, 'NOT_FOUND')];
  if (!person.scopes.includes(groupsScope)) return [403, googleError(403, 'PERMISSION_DENIED')];
  const [, member, label, customer] = googleQuery.exec(url.searchParams.get('query') ?? '') ?? [];
  const size = Number(url.searchParams.get('pageSize') ?? 200);
  if (member === undefined || !(size >= 1 && size <= 1000)) return [400, googleError(400, 'INVALID_ARGUMENT')];
  if (member.replaceAll(/\\(.)/g, '$1') !== person.email) return [403, googleError(403, 'PERMISSION_DENIED')];
  const found = membershipsOf(directory)
    .filter((group) => (label === 'discussion_forum' || group.security === true) && (customer === undefined || group.customer === customer))
    .map(({ id, name }) => ({
      group: `groups/${Buffer.from(id).toString('hex')}`,
      groupKey: { id },
      displayName: name,
      relationType: person.in.includes(id) ? 'DIRECT' : 'INDIRECT',
      roles: [{ name: 'MEMBER' }],
      labels: { 'cloudidentity.googleapis.com/groups.discussion_forum': '' },
    }));
  const { page, next } = pageOf(found, Number(url.searchParams.get('pageToken') ?? 0), Math.min(size, directory.pageSize ?? size));
  return [200, { ...(page.length === 0 ? {} : { memberships: page }), ...(next === null ? {} : { nextPageToken: String(next) }) }];
};

export const openGraph = () => open(graph, ['User.Read', 'GroupMember.Read.All']);
export const openCloudIdentity = () => open(cloudIdentity, [groupsScope]);
