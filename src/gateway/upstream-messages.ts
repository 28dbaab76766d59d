import { isListed } from '../domain/access-decision.ts';
import { isObject } from '../domain/json-rpc.ts';
import type { RpcId } from '../domain/json-rpc.ts';
import { filterToolList } from '../domain/tool-list.ts';
import type { Judged } from './outbound.ts';

/** What becomes of one message of the upstream. */
export type UpstreamMessage = { readonly kind: 'answer' | 'other'; readonly text: string } | { readonly kind: 'dropped' };

const DROPPED = { kind: 'dropped' } as const;

/**
 * Reads the upstream's messages for one request: its answer, which must carry the id that was asked with; notifications; and from older servers
 * requests of their own. Tool lists come out with the tools this caller may see, also where a stream is resumed.
 */
export function upstreamMessages(judged: Judged) {
  const { message, caller, era, method } = judged;
  const id = message?.kind === 'request' ? message.id : null;
  const listing = message?.kind === 'request' && message.method === 'tools/list';

  function answerText(value: Record<string, unknown>, text: string): string {
    const { result } = value;
    const isList = listing || (method === 'GET' && isObject(result) && Array.isArray(result['tools']));
    if (!isList || !isObject(result)) return text;
    return JSON.stringify({ ...value, result: filterToolList(result, (name) => isListed(caller, name)) });
  }

  return (text: string): UpstreamMessage => {
    const value = parse(text);
    if (!isObject(value) || value['jsonrpc'] !== '2.0') return DROPPED;
    if (typeof value['method'] === 'string') {
      const isRequest = 'id' in value;
      return 'result' in value || 'error' in value || (isRequest && era === 'modern') ? DROPPED : { kind: 'other', text };
    }
    if ('result' in value === 'error' in value) return DROPPED;
    if (method !== 'GET' && !answersTo(value, id)) return DROPPED;
    return { kind: 'answer', text: answerText(value, text) };
  };
}

function answersTo(value: Record<string, unknown>, id: RpcId | null): boolean {
  const given = value['id'] ?? null;
  return given === id || ('error' in value && given === null);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
