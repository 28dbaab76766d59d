import { challengeParameters } from '../domain/acr.ts';
import { AssuranceRefused } from '../domain/assurance-refused.ts';
import { writeChallenge } from '../domain/bearer.ts';
import type { BearerErrorCode, CredentialErrorCode } from '../domain/bearer.ts';
import { BearerRefused } from '../domain/bearer.ts';
import { rpcErrorBody, RpcCode, RpcRefused } from '../domain/json-rpc.ts';
import type { RpcId } from '../domain/json-rpc.ts';
import { metadataUrl } from '../domain/protected-resource.ts';
import type { Resource } from '../domain/resource.ts';
import type { Log } from '../ports/log.ts';
import type { ServerResponse } from './dependencies.ts';

/** A refusal before any message was read. */
export class HttpRefused extends Error {
  override readonly name = 'HttpRefused';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A refusal another consent would lift: HTTP 403 with the scopes to ask for. RFC 6750 §3.1. */
export class ScopeRefused extends RpcRefused {
  readonly scope: readonly string[];

  constructor(id: RpcId | null, scope: readonly string[], message: string) {
    super(403, RpcCode.scopeMissing, id, message, { scope });
    this.scope = scope;
  }
}

const ALWAYS = { 'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff' };

/** Writes a whole answer, unless one was begun already. */
export function answer(res: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  if (res.headersSent || res.destroyed) return;
  const type = body === '' ? {} : { 'Content-Type': 'application/json' };
  res.writeHead(status, { ...ALWAYS, ...type, 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  res.end(body);
}

/** Begins an answer whose body follows event by event. */
export function beginEvents(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  res.writeHead(200, { ...ALWAYS, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no', ...headers });
  res.flushHeaders();
}

const WORDS: Record<'none' | CredentialErrorCode, string> = {
  none: 'Sign in first: this server needs an access token.',
  invalid_token: 'The access token is not valid here, or no longer: sign in again.',
  invalid_request: 'The access token must come once, in the Authorization header.',
};

/** The one place where a refusal becomes an answer. `id` is that of the message in hand, if one was read. */
export function answerRefusal(res: ServerResponse, resource: Resource, error: unknown, id: RpcId | null, log: Log): void {
  if (error instanceof BearerRefused) {
    log.info('gateway.challenged', { route: resource.id, reason: error.reason });
    const words = WORDS[error.error ?? 'none'];
    const challenge = challengeFor(resource, error.error, resource.baseline, error.error === null ? null : words);
    const body = JSON.stringify({ error: error.error ?? 'unauthorized', error_description: words });
    return answer(res, error.error === 'invalid_request' ? 400 : 401, { 'WWW-Authenticate': challenge }, body);
  }
  if (error instanceof ScopeRefused) {
    const challenge = challengeFor(resource, 'insufficient_scope', error.scope, 'This needs another consent.');
    return answer(res, 403, { 'WWW-Authenticate': challenge }, bodyOf(error));
  }
  if (error instanceof AssuranceRefused) {
    log.info('gateway.challenged', { route: resource.id, reason: 'the sign-in behind the token does not prove enough' });
    const words = 'Sign in again, as it says here.';
    const challenge = challengeFor(resource, 'insufficient_user_authentication', error.scope, words, challengeParameters(error.demand));
    return answer(res, 401, { 'WWW-Authenticate': challenge }, bodyOf(error));
  }
  if (error instanceof RpcRefused) {
    return answer(res, error.status, error.status === 429 || error.status === 503 ? { 'Retry-After': '1' } : {}, bodyOf(error));
  }
  if (error instanceof HttpRefused) {
    log.info('gateway.refused', { route: resource.id, status: error.status, reason: error.message });
    return answer(res, error.status, error.headers, rpcErrorBody(null, RpcCode.invalidRequest, error.message));
  }
  // Whatever else went wrong, nothing is allowed.
  log.warn('gateway.undecided', { route: resource.id, error });
  const body = rpcErrorBody(id, RpcCode.internal, 'This cannot be decided at the moment. Try again shortly.');
  return answer(res, 503, { 'Retry-After': '1' }, body);
}

function bodyOf(error: RpcRefused): string {
  return rpcErrorBody(error.id, error.code, error.message, error.data);
}

function challengeFor(
  resource: Resource,
  error: BearerErrorCode | null,
  scope: readonly string[],
  words: string | null,
  proof: ReturnType<typeof challengeParameters> = {},
): string {
  return writeChallenge({ error, scope, ...proof, resource_metadata: metadataUrl(resource.identifier), error_description: words });
}
