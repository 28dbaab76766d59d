import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';

type Json = Record<string, unknown>;

/** One request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/**
 * How the identity provider misbehaves. Every hook is given what a well-behaved one would have said and returns what is said instead;
 * an absent hook changes nothing. Assign to `idp.script` at any time; `idp.script = {}` makes it honest again.
 */
export interface Script {
  /** The discovery document. */
  discovery?: (document: Json) => unknown;
  /** The key set; honest: `{ keys: [public key of idp.key] }`. */
  jwks?: (set: { keys: Json[] }) => unknown;
  /** Claims of the ID token. */
  claims?: (claims: Json) => Json;
  /** Protected header of the ID token. */
  header?: (header: Json) => Json;
  /** The key that signs; honest: `idp.key`, the published one. */
  signWith?: SigningKey;
  /** The finished ID token, for what jose would not make: `alg: none`, five parts, a garbage signature. */
  idToken?: (token: string, claims: Json) => string | Promise<string>;
  /** The token response's body. */
  tokenResponse?: (body: Json) => unknown;
  /** Claims of the userinfo response. */
  userinfo?: (claims: Json) => Json;
  /** Parameters of the answer in the browser, `code`, `state` and `iss`; may be changed in place. */
  answer?: (answer: URLSearchParams) => void;
  /** Takes over one path altogether (`/token`, `/jwks`, `/.well-known/openid-configuration` …): status, raw bytes, delays, dropped connections. */
  raw?: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;
}

export interface HostileIdpOptions {
  readonly client_id?: string;
  /** Checked at the token endpoint; null for a public client. */
  readonly client_secret?: string | null;
  /** Who signs in; more claims may be added. */
  readonly person?: Json;
  /** Milliseconds since the epoch, for the claims. */
  readonly now?: () => number;
  /** Where to listen; 0 picks a free port. */
  readonly port?: number;
}

/** A scriptable OpenID provider on loopback with keys of its own. It does the whole code flow honestly, PKCE included, until told otherwise. */
export interface HostileIdp {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string | null;
  readonly key: SigningKey;
  script: Script;
  /** Everything it was ever asked, in order. */
  readonly requests: RecordedRequest[];
  /** How often a path was asked for, for instance `count('/token')`. */
  count(path: string): number;
  /** The browser's part without a browser: what the callback would be given after visiting `url` (which is recorded as a request to `/authorize`). */
  visit(url: URL): URLSearchParams;
  close(): Promise<void>;
}

interface Issued {
  readonly redirect_uri: string;
  readonly code_challenge: string;
  readonly nonce: string | null;
}

/** Starts one. Close it in `afterEach` or `afterAll`. */
export async function openHostileIdp(options: HostileIdpOptions = {}): Promise<HostileIdp> {
  const { client_id = 'drawbridge', client_secret = 'CNRYclientsecret', person = { sub: 'person-1' }, now = Date.now } = options;
  const key = await makeSigningKey('ES256');
  const codes = new Map<string, Issued>();
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    answerRequest(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error('failed'));
    });
  });
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const idp: HostileIdp = {
    issuer,
    client_id,
    client_secret,
    key,
    script: {},
    requests,
    count: (path) => requests.filter((request) => request.path === path).length,
    visit(url) {
      requests.push({ method: 'GET', path: url.pathname, query: url.searchParams, headers: {}, body: '' });
      return authorize(url.searchParams);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return idp;

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer);
    const body = await readAll(request);
    requests.push({ method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body });
    const raw = idp.script.raw?.[url.pathname];
    if (raw !== undefined) return raw(request, response);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, 200, (idp.script.discovery ?? same)(discoveryDocument(issuer)));
      case '/jwks':
        return json(response, 200, (idp.script.jwks ?? same)({ keys: [{ ...key.publicJwk }] }));
      case '/authorize': {
        const target = new URL(url.searchParams.get('redirect_uri') ?? issuer);
        target.search = authorize(url.searchParams).toString();
        response.writeHead(303, { location: target.href }).end();
        return;
      }
      case '/token':
        return token(request, new URLSearchParams(body), response);
      case '/userinfo':
        return json(response, 200, (idp.script.userinfo ?? same)({ ...person }));
      default:
        response.writeHead(404).end();
    }
  }

  function authorize(asked: URLSearchParams): URLSearchParams {
    const code = `CNRYcode${randomBytes(12).toString('hex')}`;
    codes.set(code, {
      redirect_uri: asked.get('redirect_uri') ?? '',
      code_challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce'),
    });
    const answer = new URLSearchParams({ code, state: asked.get('state') ?? '', iss: issuer });
    idp.script.answer?.(answer);
    return answer;
  }

  async function token(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): Promise<void> {
    if (!knowsClient(request, form)) return json(response, 400, { error: 'invalid_client' });
    const issued = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (issued?.redirect_uri !== form.get('redirect_uri') || issued?.code_challenge !== challenge) {
      return json(response, 400, { error: 'invalid_grant', error_description: 'CNRYdescription' });
    }
    const access_token = `CNRYaccess${randomBytes(12).toString('hex')}`;
    const seconds = Math.floor(now() / 1000);
    const honest = { iss: issuer, aud: client_id, iat: seconds, exp: seconds + 300, nonce: issued?.nonce, ...person };
    const claims = (idp.script.claims ?? same)(honest);
    const signer = idp.script.signWith ?? key;
    const header = (idp.script.header ?? same)({ alg: signer.alg, kid: signer.kid });
    const id_token = await (idp.script.idToken ?? same)(await signToken(claims, header, signer), claims);
    json(response, 200, (idp.script.tokenResponse ?? same)({ access_token, token_type: 'Bearer', expires_in: 300, id_token }));
  }

  function knowsClient(request: IncomingMessage, form: URLSearchParams): boolean {
    if (client_secret === null) return form.get('client_id') === client_id;
    const basic = `Basic ${Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString('base64')}`;
    return request.headers.authorization === basic || (form.get('client_id') === client_id && form.get('client_secret') === client_secret);
  }
}

/** A fresh key pair, RSA 2048 or the algorithm's curve. */
export async function makeSigningKey(alg: string, kid = randomBytes(6).toString('hex')): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A compact JWS over `claims` with exactly this header; when jose will not make it with this key, one with a signature of zeros. */
export async function signToken(claims: Json, header: Json, key: SigningKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  try {
    return await new CompactSign(payload).setProtectedHeader(header as { alg: string }).sign(key.privateKey);
  } catch {
    return `${base64url(header)}.${base64url(claims)}.${Buffer.alloc(64).toString('base64url')}`;
  }
}

export function base64url(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A listener that must not be reached: counts TCP connections and closes them. */
export async function openCanary(host = '127.0.0.1'): Promise<{ readonly port: number; connections(): number; close(): Promise<void> }> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.on('error', () => null).destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function discoveryDocument(issuer: string): Json {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'RS256', 'HS256', 'none'],
    authorization_response_iss_parameter_supported: true,
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function same<T>(value: T): T {
  return value;
}
