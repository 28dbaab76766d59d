import type { Clock } from '../ports/clock.ts';
import type { DocumentFetcher, FetchedDocument } from '../ports/document-fetcher.ts';

const floorSeconds = 5 * 60;
const ceilingSeconds = 24 * 60 * 60;
const failureWindowMs = 60 * 1000;

export interface DocumentCacheOptions {
  readonly clock: Clock;
  /** Whether a document is what was looked for; one that is not is handed on, but never kept. */
  readonly isUsable?: (url: string, json: unknown) => boolean;
  /** Documents kept, and hosts remembered as failing. */
  readonly most?: number;
  /** Failures of one host within a minute after which it is left alone for the rest of that minute. */
  readonly mostFailures?: number;
}

interface Kept {
  readonly document: FetchedDocument & { status: 'fetched' };
  readonly until: number;
}

/**
 * Remembers documents for as long as their sender says, between five minutes and a day; never a failure nor one without use. However many ask for a URL at the
 * same time, it is fetched once. draft-ietf-oauth-client-id-metadata-document §4.4.
 */
export function cacheDocuments(inner: DocumentFetcher, options: DocumentCacheOptions): DocumentFetcher {
  const { clock, isUsable = () => true, most = 500, mostFailures = 5 } = options;
  const kept = new Map<string, Kept>();
  const pending = new Map<string, Promise<FetchedDocument>>();
  const failures = new Map<string, { count: number; since: number }>();

  /** A URL that once gave a document answers for itself, so that made-up neighbours cannot get a well-known client's host left alone. */
  const blames = (url: string): string => (kept.has(url) || !URL.canParse(url) ? url : new URL(url).host);

  async function fetchAndKeep(url: string): Promise<FetchedDocument> {
    const blamed = blames(url);
    const failed = failures.get(blamed);
    if (failed !== undefined && clock.now() - failed.since >= failureWindowMs) failures.delete(blamed);
    const { count, since } = failures.get(blamed) ?? { count: 0, since: clock.now() };
    if (count >= mostFailures) return { status: 'refused', reason: 'failed too often in the last minute' };
    const document = await inner.fetchDocument(url);
    if (document.status === 'refused' || !isUsable(url, document.json)) {
      put(failures, blamed, { count: (failures.get(blamed)?.count ?? 0) + 1, since }, most);
      return document;
    }
    failures.delete(blamed);
    const seconds = Math.min(Math.max(document.maxAgeSeconds, floorSeconds), ceilingSeconds);
    put(kept, url, { document, until: clock.now() + seconds * 1000 }, most);
    return document;
  }

  return {
    async fetchDocument(url) {
      const known = kept.get(url);
      if (known !== undefined && clock.now() < known.until) {
        put(kept, url, known, most);
        return known.document;
      }
      const running = pending.get(url) ?? fetchAndKeep(url).finally(() => pending.delete(url));
      pending.set(url, running);
      return running;
    },
  };
}

/** Puts last; the first, longest unused, goes when there are too many. */
function put<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
