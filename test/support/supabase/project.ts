import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { makeSigningKey } from '../hostile-idp.ts';
import { GoTrueError, writeError } from './errors.ts';
import { codeNow, newFactor } from './factors.ts';
import { routes, type Asked } from './routes.ts';
import {
  addPerson,
  newWorld,
  type Factor,
  type Json,
  type Mail,
  type Person,
  type ProjectSettings,
  type Session,
  type World,
} from './world.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A Supabase project on loopback, as far as signing in goes: GoTrue's behaviour over real HTTP, and a hand on everything it depends on. */
export interface SupabaseProject {
  readonly url: string;
  readonly publishableKey: string;
  readonly settings: ProjectSettings;
  readonly requests: RecordedRequest[];
  readonly mailbox: readonly Mail[];
  readonly sessions: ReadonlyMap<string, Session>;
  /** The address it sees requests come from; null for the real one. */
  seenAs: string | ((asked: number) => string) | null;
  /** Answers a path instead of it: status, bytes, silence. */
  raw: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;
  /** How often a path under `/auth/v1` was asked for. */
  count(path: string): number;
  now(): number;
  advance(ms: number): void;
  addPerson(person: Partial<Person> & { email: string }): Person;
  addFactor(person: Person, type?: Factor['factor_type']): Factor;
  /** What the person's authenticator app shows. */
  codeOf(factor: Factor): string;
  rotateKey(): Promise<void>;
  close(): Promise<void>;
}

const honest: ProjectSettings = {
  siteUrl: 'https://app.example',
  redirectUrls: [],
  social: ['google', 'azure', 'github'],
  signups: true,
  autoconfirm: false,
  forwardedFor: false,
  limited: true,
  sharedSecret: false,
  loginMethod: 'oauth',
  claims: (claims) => claims,
};

export async function openSupabase(given: Partial<ProjectSettings> = {}, clock: { now(): number } = Date): Promise<SupabaseProject> {
  let offset = 0;
  const now = () => clock.now() + offset;
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const world = await newWorld(origin, { ...honest, ...given }, now);
  const project: SupabaseProject = {
    url: origin,
    publishableKey: world.publishableKey,
    settings: world.settings,
    requests,
    mailbox: world.mailbox,
    sessions: world.sessions,
    seenAs: null,
    raw: {},
    count: (path) => requests.filter((request) => request.path === `/auth/v1${path}`).length,
    now,
    advance: (ms) => void (offset += ms),
    addPerson: (person) => addPerson(world, person),
    addFactor: (person, type = 'totp') => newFactor(person, 'phone', 'verified', type),
    codeOf: (factor) => codeNow(world, factor),
    rotateKey: async () => void world.keys.unshift(await makeSigningKey('ES256')),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return project;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    const body = await textOf(request);
    requests.push({ method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body });
    const raw = project.raw[url.pathname.replace('/auth/v1', '')];
    if (raw !== undefined) return raw(request, response);
    const { seenAs } = project;
    const ip = typeof seenAs === 'function' ? seenAs(requests.length) : (seenAs ?? addressOf(request, world));
    await respond(request, response, { world, url, ip, body: parsed(body) });
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  asked: Omit<Asked, 'authorization' | 'referrer'>,
): Promise<void> {
  try {
    const { authorization, referer } = request.headers;
    const result = await routes(request, { ...asked, authorization, referrer: referer });
    if ('location' in result) response.writeHead(result.status, { location: result.location }).end();
    else if ('html' in result) response.writeHead(200, { 'content-type': 'text/html' }).end(result.html);
    else if (result.json === null) response.writeHead(result.status).end();
    else response.writeHead(result.status, { 'content-type': 'application/json', ...result.headers }).end(JSON.stringify(result.json));
  } catch (error) {
    if (error instanceof GoTrueError) writeError(request, response, error);
    else response.writeHead(500).end();
  }
}

function addressOf(request: IncomingMessage, { settings }: World): string {
  const forwarded = request.headers['sb-forwarded-for'];
  return (settings.forwardedFor && typeof forwarded === 'string' ? forwarded.split(',')[0] : null) ?? request.socket.remoteAddress ?? '';
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return {};
  }
}
