import type { Clock } from '../ports/clock.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { boundedFetch } from './oidc-fetch.ts';

/** What was answered at one address, as it came. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface ObservedFetch {
  readonly fetch: OutboundFetch;
  /** The latest answer of an address; null when there was none. */
  answerOf(url: string): Answer | null;
  /** By how many seconds the other clock is ahead, taking what speaks most for it; null when no answer said. */
  ahead(): number | null;
}

/** Lets everything through and remembers what was said, and what time it was there. RFC 9110 §6.6.1, RFC 9111 §5.1 for answers out of a cache. */
export function observe(fetch: OutboundFetch, clock: Clock, readDate: (text: string) => number): ObservedFetch {
  const outbound = boundedFetch(fetch);
  const answers = new Map<string, Answer>();
  let least: number | null = null;

  function look({ headers }: Response, sentAt: number, receivedAt: number): void {
    const said = readDate(headers.get('date') ?? '') + (Number(headers.get('age')) || 0) * 1000;
    if (!Number.isFinite(said)) return;
    // The header has whole seconds, and the answer was on its way for a while: what these explain is no difference.
    const ahead = said > receivedAt ? said - receivedAt : Math.min(0, said + 1000 - sentAt);
    if (least === null || Math.abs(ahead) < Math.abs(least)) least = ahead;
  }

  return {
    fetch: async (url, request) => {
      const sentAt = clock.now();
      const response = await outbound(url, request);
      look(response, sentAt, clock.now());
      const text = await response.text();
      answers.set(url, { status: response.status, text });
      return new Response([204, 205, 304].includes(response.status) ? null : text, { status: response.status, headers: response.headers });
    },
    answerOf: (url) => answers.get(url) ?? null,
    ahead: () => (least === null ? null : least / 1000),
  };
}
