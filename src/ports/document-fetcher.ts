/** What may be asked of the outside; a redirect is an answer like any other and is never followed. */
export interface OutboundRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: ArrayBuffer | ReadableStream | string | Uint8Array | URLSearchParams | null | undefined;
  readonly redirect: 'manual';
  readonly signal?: AbortSignal | undefined;
}

/** The one way out for whoever speaks a protocol itself: no ambient proxy, no cookies, only addresses that were checked. */
export type OutboundFetch = (url: string, request: OutboundRequest) => Promise<Response>;

/** `reason` is private: for the log, never for whoever named the URL. */
export type FetchedDocument =
  | { readonly status: 'fetched'; readonly json: unknown; readonly maxAgeSeconds: number }
  | { readonly status: 'refused'; readonly reason: string };

/** Fetches a JSON document from a URL a stranger named. Never throws; at most one small request leaves, and only to a public address. */
export interface DocumentFetcher {
  fetchDocument(url: string): Promise<FetchedDocument>;
}
