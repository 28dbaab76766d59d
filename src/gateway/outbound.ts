import type { Dispatcher } from 'undici';
import type { Caller } from '../domain/access-decision.ts';
import { writeMessage } from '../domain/json-rpc.ts';
import type { RpcMessage } from '../domain/json-rpc.ts';
import { encodeHeaderValue } from '../domain/mcp-headers.ts';
import type { McpHeaders } from '../domain/mcp-headers.ts';
import { requestRule } from '../domain/mcp-methods.ts';
import type { Era } from '../domain/mcp-methods.ts';
import type { Ownership } from '../domain/ownership.ts';
import type { Resource } from '../domain/resource.ts';
import { ASSERTION_HEADER } from '../domain/upstream-assertion.ts';
import type { GatewayLimits, IncomingMessage } from './dependencies.ts';

/** One request as it was judged. */
export interface Judged {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly era: Era;
  /** Null for GET and DELETE. */
  readonly message: RpcMessage | null;
  readonly mcp: McpHeaders;
  /** The upstream's own session id. */
  readonly session: string | null;
  readonly caller: Caller;
  /** Of a call of a tool that some may only use on what is theirs. */
  readonly ownership?: Ownership | undefined;
}

/** Whether its answer is a stream that waits for whatever may come. */
export function isListening({ method, message }: Judged): boolean {
  return method === 'GET' || (message?.kind === 'request' && message.method === 'subscriptions/listen');
}

/** The request to the upstream: its stored address, headers built from empty, the body written anew. */
export function outboundRequest(
  judged: Judged,
  req: IncomingMessage,
  assertion: string,
  limits: GatewayLimits,
): Dispatcher.DispatchOptions {
  const { origin, path } = addressOf(judged.caller.resource);
  return {
    origin,
    path,
    method: judged.method,
    headers: [...protocolHeaders(judged), ...passedHeaders(judged, req), ASSERTION_HEADER, assertion],
    body: judged.message === null ? null : writeMessage(judged.message),
    headersTimeout: limits.upstreamTimeout,
    bodyTimeout: isListening(judged) ? 0 : limits.upstreamTimeout,
  };
}

const addresses = new WeakMap<Resource, { readonly origin: string; readonly path: string }>();

function addressOf(resource: Resource): { readonly origin: string; readonly path: string } {
  const known = addresses.get(resource);
  if (known !== undefined) return known;
  const { origin, pathname, search } = new URL(resource.upstream);
  const address = { origin, path: pathname + search };
  addresses.set(resource, address);
  return address;
}

/** What the protocol says about the message, derived from the message. */
function protocolHeaders({ era, message, mcp, session }: Judged): string[] {
  const headers: string[] = message === null ? [] : ['Content-Type', 'application/json'];
  if (mcp.version !== null) headers.push('MCP-Protocol-Version', mcp.version);
  if (era === 'legacy') {
    if (session !== null) headers.push('Mcp-Session-Id', session);
    return headers;
  }
  if (message === null || message.kind === 'response') return headers;
  headers.push('Mcp-Method', message.method);
  const named = message.kind === 'request' ? (requestRule(message.method, era)?.named ?? null) : null;
  const name = named === null ? undefined : message.params?.[named];
  if (typeof name === 'string') headers.push('Mcp-Name', encodeHeaderValue(name));
  return [...headers, ...mcp.params.flat()];
}

/** The few headers of the client that say nothing about who it is. */
function passedHeaders({ method, era, mcp }: Judged, req: IncomingMessage): string[] {
  const fallback = method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream';
  const { accept, traceparent } = req.headers;
  const headers = ['Accept', accept !== undefined && /^[\x20-\x7e]{1,256}$/.test(accept) ? accept : fallback];
  if (typeof traceparent === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) {
    headers.push('traceparent', traceparent);
  }
  const resumes = era === 'legacy' && method === 'GET' && mcp.lastEventId !== null && /^[\x21-\x7e]{1,1024}$/.test(mcp.lastEventId);
  return resumes ? [...headers, 'Last-Event-ID', mcp.lastEventId] : headers;
}
