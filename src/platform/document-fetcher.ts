import { parseStrictJson } from '../domain/strict-json.ts';
import type { DocumentFetcher, FetchedDocument } from '../ports/document-fetcher.ts';
import { openGuardedFetch, type GuardOptions } from './guarded-fetch.ts';

export interface DocumentFetcherOptions extends Pick<GuardOptions, 'loopback' | 'resolve'> {
  /** Longest document. draft-ietf-oauth-client-id-metadata-document §6.6 */
  readonly mostBytes?: number;
  /** For the whole exchange, not for each byte. */
  readonly timeoutMs?: number;
  /** Requests under way at once; one more is refused and does not wait. */
  readonly mostAtOnce?: number;
  readonly mostAtOncePerHost?: number;
}

class Unusable extends Error {}

/** Fetches small JSON documents from URLs strangers name: guarded, uncompressed, counted as they are read, under one deadline. */
export function openDocumentFetcher(options: DocumentFetcherOptions): DocumentFetcher {
  const { mostBytes = 5 * 1024, timeoutMs = 4000, mostAtOnce = 16, mostAtOncePerHost = 4 } = options;
  const { fetch } = openGuardedFetch({ ...options, timeoutMs, mostBytes: 8 * mostBytes, privateNetworks: false });
  const underWay = new Map<string, number>();

  async function fetchOnce(url: URL): Promise<FetchedDocument> {
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'Drawbridge' };
    const answer = await fetch(url.href, { method: 'GET', headers, redirect: 'manual' });
    try {
      checkHead(answer);
      const json = parse(await readBounded(answer, mostBytes));
      return { status: 'fetched', json, maxAgeSeconds: maxAgeOf(answer.headers.get('cache-control') ?? '') };
    } finally {
      if (answer.body?.locked === false) await answer.body.cancel().catch(() => null);
    }
  }

  return {
    async fetchDocument(text) {
      if (!URL.canParse(text)) return refused('no URL');
      const url = new URL(text);
      const total = [...underWay.values()].reduce((sum, count) => sum + count, 0);
      const here = underWay.get(url.host) ?? 0;
      if (total >= mostAtOnce || here >= mostAtOncePerHost) return refused('too many documents are being fetched');
      underWay.set(url.host, here + 1);
      try {
        return await fetchOnce(url);
      } catch (error) {
        return refused(reasonOf(error));
      } finally {
        const left = (underWay.get(url.host) ?? 1) - 1;
        if (left === 0) underWay.delete(url.host);
        else underWay.set(url.host, left);
      }
    },
  };
}

/** Only 200 is an answer: a redirect is not followed and an error says nothing about the client. draft-ietf-oauth-client-id-metadata-document §4. */
function checkHead({ status, headers }: Response): void {
  if (status !== 200) throw new Unusable(`status ${status}`);
  if ((headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') throw new Unusable('compressed although asked not to');
  const type = headers.get('content-type') ?? '';
  if (!/^application\/(json|[a-z0-9.+-]+\+json)\s*(;|$)/i.test(type)) throw new Unusable('not JSON by its content type');
}

async function readBounded({ body }: Response, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > mostBytes) throw new Unusable('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch {
    throw new Unusable('not one plain JSON value');
  }
}

/** Seconds the sender lets us keep it; 0 when it does not say. RFC 9111 §5.2.2. */
function maxAgeOf(header: string): number {
  if (/(^|[\s,])(no-store|no-cache)($|[\s,=])/i.test(header)) return 0;
  return Number(/(?:^|[\s,])max-age="?(\d{1,10})/i.exec(header)?.[1] ?? 0);
}

function reasonOf(error: unknown): string {
  if (error instanceof Unusable) return error.message;
  for (let e = error, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth += 1) {
    if (e.name === 'TimeoutError') return 'timed out';
    if ('code' in e && typeof e.code === 'string') return e.code;
  }
  return 'no answer';
}

function refused(reason: string): FetchedDocument {
  return { status: 'refused', reason };
}
