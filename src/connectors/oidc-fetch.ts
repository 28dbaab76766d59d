import type { OutboundFetch, OutboundRequest } from '../ports/document-fetcher.ts';

const usualBytes = 256 * 1024;
const mostKeys = 100;
/** RFC 7518 §6.2.2, §6.3.2 and §6.4.1: a key whose secret half is public, or that is one secret, signs for everybody. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** An answer that could not be taken in. */
class BadAnswer extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Answers are read here to their end, counted after decompression, under the caller's deadline; redirects stay answers. */
export function boundedFetch(fetch: OutboundFetch, mostBytes = usualBytes): OutboundFetch {
  return async (url, request) => {
    const response = await fetch(url, { ...request, redirect: 'manual' });
    const body = await readBounded(response, mostBytes);
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

/**
 * Key sets, through `fetch`: however many logins want one at the same time, one request leaves, and only public keys made for
 * signatures come back. RFC 7517 §5.
 */
export function keySetFetch(fetch: OutboundFetch): OutboundFetch {
  const pending = new Map<string, Promise<string>>();
  return async (url, request) => {
    const running = pending.get(url) ?? fetchKeySet(fetch, url, request).finally(() => pending.delete(url));
    pending.set(url, running);
    return new Response(await running, { headers: { 'content-type': 'application/json' } });
  };
}

async function fetchKeySet(fetch: OutboundFetch, url: string, request: OutboundRequest): Promise<string> {
  const response = await fetch(url, request);
  if (response.status !== 200) throw new BadAnswer('KEY_SET_STATUS');
  const set = parse(await response.text());
  if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys)) throw new BadAnswer('KEY_SET_MALFORMED');
  if (set.keys.length > mostKeys) throw new BadAnswer('KEY_SET_TOO_LARGE');
  return JSON.stringify({ keys: set.keys.filter(verifiesSignatures) });
}

function verifiesSignatures(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false;
  if (!('kty' in key) || !['RSA', 'EC', 'OKP'].includes(String(key.kty))) return false;
  if ('use' in key && key.use !== 'sig') return false;
  return !secretMembers.some((member) => member in key);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadAnswer('KEY_SET_MALFORMED');
  }
}

async function readBounded(response: Response, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > mostBytes) throw new BadAnswer('ANSWER_TOO_LARGE');
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return [204, 205, 304].includes(response.status) ? null : whole;
}
