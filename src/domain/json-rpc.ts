import { z } from 'zod';

/** Codes the gateway itself answers with. JSON-RPC 2.0 §5.1; MCP 2026-07-28 basic, "Error Codes". */
export const RpcCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  sessionNotFound: -32001,
  roleMissing: -32003,
  scopeMissing: -32004,
  busy: -32005,
  assuranceMissing: -32006,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;
export type RpcCode = (typeof RpcCode)[keyof typeof RpcCode];

const RpcId = z.union([z.string().max(512), z.int()]);
export type RpcId = z.infer<typeof RpcId>;

/** JSON-RPC error answer of the gateway's own making. JSON-RPC 2.0 §5.1. */
export class RpcRefused extends Error {
  override readonly name = 'RpcRefused';
  readonly status: number;
  readonly code: RpcCode;
  readonly id: RpcId | null;
  readonly data: Readonly<Record<string, unknown>> | null;

  constructor(status: number, code: RpcCode, id: RpcId | null, message: string, data: Readonly<Record<string, unknown>> | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.id = id;
    this.data = data;
  }
}

export function rpcErrorBody(
  id: RpcId | null,
  code: RpcCode,
  message: string,
  data: Readonly<Record<string, unknown>> | null = null,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data === null ? {} : { data }) } });
}

export type RpcParams = Readonly<Record<string, unknown>>;

/** One message of a client, and nothing of what it sent beside it. */
export type RpcMessage =
  | { readonly kind: 'request'; readonly id: RpcId; readonly method: string; readonly params: RpcParams | null }
  | { readonly kind: 'notification'; readonly method: string; readonly params: RpcParams | null }
  | { readonly kind: 'response'; readonly id: RpcId; readonly answer: { readonly result: unknown } | { readonly error: unknown } };

export type RpcRequest = Extract<RpcMessage, { kind: 'request' }>;

const ENVELOPE = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

/**
 * The message a parsed body is. Batches are refused in every revision, so one request is one decision.
 * JSON-RPC 2.0 §4; MCP 2025-06-18 transports, "Sending Messages to the Server".
 */
export function readMessage(value: unknown): RpcMessage {
  if (Array.isArray(value)) throw invalid(null, 'Batches are not accepted here: send one message per request.');
  if (!isObject(value)) throw invalid(null, 'The body must be one JSON-RPC message.');
  const id = readId(value);
  if (value['jsonrpc'] !== '2.0') throw invalid(id, 'The message must say "jsonrpc": "2.0".');
  // A reader that folds case would take such a member for the real one.
  for (const name of Object.keys(value))
    if (!ENVELOPE.has(name)) throw invalid(id, 'The message has a member that JSON-RPC does not know.');
  if (!('method' in value)) return readResponse(value, id);
  const method = value['method'];
  if (typeof method !== 'string' || method === '' || method.length > 128) throw invalid(id, 'The method must be a name.');
  if ('result' in value || 'error' in value) throw invalid(id, 'A message is a request or an answer, not both.');
  const params = readParams(value, id);
  return id === null ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

function readId(value: Record<string, unknown>): RpcId | null {
  if (!('id' in value)) return null;
  const id = RpcId.safeParse(value['id']);
  if (!id.success) throw invalid(null, 'The id must be a string or an integer.');
  return id.data;
}

function readParams(value: Record<string, unknown>, id: RpcId | null): RpcParams | null {
  if (!('params' in value)) return null;
  const params = value['params'];
  if (!isObject(params)) throw invalid(id, 'The params must be an object.');
  const names = Object.keys(params).map(foldCase);
  if (new Set(names).size !== names.length) throw invalid(id, 'Two params differ only by case.');
  return params;
}

function readResponse(value: Record<string, unknown>, id: RpcId | null): RpcMessage {
  if (id === null) throw invalid(null, 'The message has neither a method nor an id.');
  if ('params' in value || 'result' in value === 'error' in value) throw invalid(id, 'An answer has either a result or an error.');
  return { kind: 'response', id, answer: 'result' in value ? { result: value['result'] } : { error: value['error'] } };
}

/** The text that is forwarded: made from what was judged, never from what was received. */
export function writeMessage(message: RpcMessage): string {
  if (message.kind === 'response') return JSON.stringify({ jsonrpc: '2.0', id: message.id, ...message.answer });
  const params = message.params === null ? {} : { params: message.params };
  return message.kind === 'request'
    ? JSON.stringify({ jsonrpc: '2.0', id: message.id, method: message.method, ...params })
    : JSON.stringify({ jsonrpc: '2.0', method: message.method, ...params });
}

/** Case folding as the most lenient reader does it: `ſ` is `s`, the Kelvin sign is `k`. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(id: RpcId | null, message: string): RpcRefused {
  return new RpcRefused(400, RpcCode.invalidRequest, id, message);
}
