import { RpcCode } from '../domain/json-rpc.ts';
import type { Judged } from './outbound.ts';

/** What to do with an answer, told from its head. */
export type Verdict =
  | { readonly kind: 'events' }
  | { readonly kind: 'json'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'nothing'; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number; readonly code: RpcCode; readonly message: string };

export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Statuses whose meaning for the client is the same whoever says it. */
const PASSED = new Set([400, 404, 405, 406, 413, 415, 429, 503]);

/**
 * Nothing of the upstream's own head reaches the client but what is written here. Its 401 or 403 is between it and the gateway: passed on, it
 * would send clients to sign in again for ever.
 */
export function verdictOn(judged: Judged, status: number, headers: UpstreamHeaders, largest: number): Verdict {
  if (status === 401 || status === 403 || status === 407) {
    return refused(502, 'The MCP server does not accept the gateway. Its operator has to look at this.');
  }
  if (status >= 300 && status < 400) return refused(502, 'The MCP server has moved. Its operator has to look at this.');
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') return refused(502, 'The MCP server sent an answer in a form that was not asked for.');
  const type = mediaType(headers['content-type']);
  const ok = status < 300;
  if (ok && judged.method !== 'GET' && judged.message?.kind !== 'request') {
    return { kind: 'nothing', status: judged.method === 'DELETE' ? 204 : 202 };
  }
  if (status === 200 && type === 'text/event-stream') return { kind: 'events' };
  if (type === 'application/json' && (!ok || judged.method === 'POST')) {
    if (Number(headers['content-length'] ?? 0) > largest) return refused(502, 'The answer of the MCP server is too large.');
    return { kind: 'json', status: ok ? 200 : passedStatus(status), headers: status === 405 ? { Allow: 'POST, OPTIONS' } : {} };
  }
  if (status === 404 && judged.session !== null) {
    return { kind: 'refused', status, code: RpcCode.sessionNotFound, message: 'Session not found.' };
  }
  if (ok || status === 404) return refused(502, 'The MCP server gave no answer in a form the protocol knows.');
  return refused(passedStatus(status), 'The MCP server refused the request.');
}

function passedStatus(status: number): number {
  return PASSED.has(status) ? status : 502;
}

function mediaType(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? (value.split(';')[0] ?? '').trim().toLowerCase() : '';
}

function refused(status: number, message: string): Verdict {
  return { kind: 'refused', status, code: RpcCode.internal, message };
}
