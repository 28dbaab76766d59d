import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import { ClientId, GrantId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { Resource, Role } from '../../src/domain/resource.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { SigningKey } from '../../src/domain/signing-key.ts';
import type { Standing } from '../../src/domain/standing.ts';
import { gatewayRoutes } from '../../src/gateway/app.ts';
import type { GatewayLimits } from '../../src/gateway/dependencies.ts';
import { pathOf } from '../../src/http/exchange.ts';
import { openSigner } from '../../src/platform/jose-signer.ts';
import { openKeyRing } from '../../src/platform/key-ring.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import type { LiveAuthority } from '../../src/ports/live-authority.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { openRecorder } from './recorder-mcp.ts';
import type { RecorderMcp } from './recorder-mcp.ts';
import { nothingProven } from './assurance.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';

/** A notes server with a read, a write and an administrators' scope. */
export function makeResource(identifier: string, upstream: string): Resource {
  const scope = (name: string, permissions: string[], changes: boolean) => ({ name, title: name, note: '', changes, permissions });
  return {
    id: 'notes',
    identifier,
    upstream,
    name: 'Notes',
    isDefault: true,
    baseline: ['notes:read'],
    scopes: [
      scope('notes:read', ['notes.read'], false),
      scope('notes:write', ['notes.write'], true),
      scope('notes:export', ['notes.write'], true),
    ],
    tools: new Map([
      ['whoami', { scopes: ['notes:read'], permissions: [] }],
      ['list_notes', { scopes: ['notes:read'], permissions: ['notes.read'] }],
      ['add_note', { scopes: ['notes:write'], permissions: ['notes.write'] }],
      ['export_notes', { scopes: ['notes:write', 'notes:export'], permissions: [] }],
      ['delete_notes', { scopes: ['notes:write'], permissions: ['notes.delete'] }],
    ]),
    redirects: { policy: 'open', allow: [] },
    buttons: { approve: 'Allow', deny: 'Cancel' },
    lifetimes: { accessToken: 3600, refreshIdle: 3600, refreshAbsolute: null, refreshGrace: 120 },
  };
}

export const GRANT = GrantId.parse('g'.repeat(22));
export const OTHER_GRANT = GrantId.parse('h'.repeat(22));

export function makeStanding(resource: Resource, changed: Partial<Standing> = {}): Standing {
  return {
    grantId: GRANT,
    identityId: 'identity of user-1',
    client: { id: ClientId.parse('client-1'), name: 'Inspector' },
    user: { id: UserId.parse('user-1'), name: 'Ana', email: null },
    tenant: { id: TenantId.parse('acme'), name: 'Acme' },
    roles: [{ id: RoleId.parse('viewer'), name: 'viewer' }],
    endsAt: null,
    permissions: ['notes.read'],
    resource: resource.identifier,
    scope: ['notes:read'],
    assurance: nothingProven,
    demand: noDemand,
    ...changed,
  };
}

const ROLES: Role[] = [
  { id: RoleId.parse('viewer'), name: 'viewer', permissions: ['notes.read'] },
  { id: RoleId.parse('editor'), name: 'editor', permissions: ['notes.read', 'notes.write'] },
  { id: RoleId.parse('admin'), name: 'admin', permissions: ['notes.read', 'notes.write', 'notes.delete'] },
];

/** A gateway on loopback in front of a recorder, with everything around it in the test's hands. */
export interface GatewayWorld {
  readonly issuer: string;
  readonly endpoint: string;
  readonly resource: Resource;
  readonly recorder: RecorderMcp;
  readonly signer: Signer;
  readonly audit: AuditEvent[];
  readonly logged: string[];
  /** What the authority says, by grant; a function may throw or hang. */
  standings: Map<string, Standing | null | (() => Promise<Standing | null>)>;
  failAudit: boolean;
  /** What is at which address; replaced as a revision of the policy does it. */
  addresses: ReadonlyMap<string, Resource>;
  /** Milliseconds by which the gateway's clock runs ahead. */
  ahead: number;
  /** Gives the standard grant these permissions and this scope. */
  allow(permissions: readonly string[], scope: readonly string[]): void;
  token(changed?: Readonly<Record<string, unknown>>, type?: string): Promise<string>;
  reset(): void;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly limits?: Partial<GatewayLimits>;
  readonly origins?: readonly string[];
  /** Changes the resources before the gateway opens. */
  readonly resources?: (standard: Resource) => Resource[];
}

async function openTestSigner(clock: Clock): Promise<Signer> {
  const stored: SigningKey[] = [];
  const keys = {
    all: async () => [...stored],
    add: async (key: SigningKey) => {
      stored.push(key);
      return 'added' as const;
    },
  };
  const sealing = openSealing(new Secret(nodeEntropy.secret()));
  return openSigner(await openKeyRing({ keys, sealing, clock, algorithm: 'ES256' }), clock);
}

function readingFrom(standings: () => GatewayWorld['standings']): LiveAuthority {
  return {
    standing: async (grantId) => {
      const known = standings().get(grantId) ?? null;
      return typeof known === 'function' ? known() : known;
    },
  };
}

export async function openGatewayWorld(options: WorldOptions = {}): Promise<GatewayWorld> {
  const recorder = await openRecorder();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resource = makeResource(`${issuer}/mcp`, recorder.url);
  const clock: Clock = { now: () => Date.now() + world.ahead };
  const signer = await openTestSigner({ now: () => Date.now() });
  const dispatcher = new Agent();
  const log = (event: string, fields?: object): void => void world.logged.push(JSON.stringify({ event, ...fields }));

  const world: GatewayWorld = {
    issuer,
    endpoint: resource.identifier,
    resource,
    recorder,
    signer,
    audit: [],
    logged: [],
    standings: new Map(),
    failAudit: false,
    addresses: new Map(),
    ahead: 0,
    allow(permissions, scope) {
      world.standings.set(GRANT, makeStanding(resource, { permissions, scope }));
    },
    token(changed = {}, type = 'at+jwt') {
      const now = Math.floor(Date.now() / 1000);
      const scope = 'notes:read notes:write notes:export';
      const who = { sub: 'user-1', client_id: 'client-1', tenant: 'acme', grant_id: GRANT };
      return signer.sign(type, {
        iss: issuer,
        aud: resource.identifier,
        ...who,
        scope,
        iat: now,
        exp: now + 3600,
        jti: nodeEntropy.id(),
        ...changed,
      });
    },
    reset() {
      recorder.reset();
      world.audit.length = 0;
      world.logged.length = 0;
      world.failAudit = false;
      world.ahead = 0;
      world.addresses = new Map(resources.map((each) => [each.identifier, each]));
      world.standings = new Map();
      world.allow(['notes.read', 'notes.write'], ['notes:read', 'notes:write']);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await dispatcher.destroy();
      await recorder.close();
    },
  };
  const append = async (event: AuditEvent): Promise<void> => {
    if (world.failAudit) throw new StoreUnavailable('the audit log does not answer');
    world.audit.push(event);
  };
  const sealing = openSealing(new Secret(nodeEntropy.secret()));
  const { mac } = sealing;
  const resources = options.resources?.(resource) ?? [resource];
  const authority = readingFrom(() => world.standings);
  const directory = {
    get addresses() {
      return world.addresses;
    },
    roles: ROLES,
  };
  const shared = { issuer, directory, signer, authority, audit: { append }, clock, entropy: nodeEntropy, mac, dispatcher };
  const { limits = {}, origins = [] } = options;
  const lines = { info: log, warn: log, error: log };
  const answer = gatewayRoutes({ ...shared, log: lines, limits, origins });
  server.on('request', (req, res) => {
    if (answer({ req, res, requestId: 'test', log: lines }, pathOf({ req })) === null) res.writeHead(404).end();
  });
  world.reset();
  return world;
}

/** One JSON-RPC request over plain HTTP, as an older client sends it. */
export async function post(world: GatewayWorld, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = 'Authorization' in headers ? {} : { Authorization: `Bearer ${await world.token()}` };
  return fetch(world.endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...authorization, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function callTool(name: unknown, id: number | string = 1): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } };
}

/** Sends bytes no HTTP library would send and returns all that comes back until the server closes or `until` appears. */
export async function sendRaw(world: GatewayWorld, text: string): Promise<string> {
  const socket = connect(Number(new URL(world.issuer).port), '127.0.0.1');
  socket.setTimeout(5000, () => socket.destroy());
  socket.write(text, 'latin1');
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', () => socket.destroy());
  await once(socket, 'close');
  return received;
}

/** A raw POST with exactly these header lines, a correct length and `Connection: close`. */
export async function rawPost(world: GatewayWorld, lines: readonly string[], body: string | Buffer, target = '/mcp'): Promise<string> {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const { host } = new URL(world.issuer);
  const hasHost = lines.some((line) => /^host:/i.test(line));
  const head = [`POST ${target} HTTP/1.1`, ...(hasHost ? [] : [`Host: ${host}`]), ...lines, `Content-Length: ${bytes.length}`];
  const closing = lines.some((line) => /^connection:/i.test(line)) ? [] : ['Connection: close'];
  return sendRaw(world, `${[...head, ...closing].join('\r\n')}\r\n\r\n${bytes.toString('latin1')}`);
}

export function statusOf(raw: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1] ?? 0);
}
