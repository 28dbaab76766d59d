import { TokenRefusal } from '../../domain/oauth-error.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute, Exchange, Fields, Incoming } from '../exchange.ts';
import { send, sendJson } from '../exchange.ts';
import { crossOrigin, safeFields } from '../headers.ts';
import { patience } from '../patience.ts';
import type { RateLimits } from '../rate-limit.ts';
import { refusalAnswer } from '../refusals.ts';

/** What stands before an endpoint: `admit` may refuse before the body is read, `refused` hears of every refusal. */
interface Threshold {
  readonly invalid?: 'invalid_request' | 'invalid_client_metadata';
  admit(incoming: Incoming): void;
  refused?(incoming: Incoming, error: unknown): void;
}

/** What an endpoint answers when nothing is wrong. */
export interface Answer {
  readonly status: 200 | 201;
  readonly body: unknown;
}

const byPost = { error: 'invalid_request', error_description: 'Send this with POST.' };

/** An endpoint that clients post to, with its preflight, method, limit and deadline; whatever it throws becomes its answer. */
export function onlyPost(
  path: string,
  serve: (exchange: Exchange) => Promise<Answer>,
  { directory, inTime }: Pick<HttpDependencies, 'directory' | 'inTime'>,
  { invalid = 'invalid_request', admit, refused }: Threshold,
): ExactRoute {
  const waitFor = inTime(patience.program);
  const cors = crossOrigin('POST, OPTIONS');
  const safe = safeFields(directory.issuer.startsWith('https:'));
  const fields: Fields = [...safe, ...cors.answer];
  return [
    path,
    async (exchange) => {
      const { method } = exchange.req;
      if (method === 'OPTIONS') return send(exchange, 204, [...safe, ...cors.preflight]);
      if (method !== 'POST') return sendJson(exchange, 405, [...fields, 'Allow', 'POST, OPTIONS'], byPost);
      try {
        admit(exchange);
        const { status, body } = await waitFor(() => serve(exchange));
        return sendJson(exchange, status, fields, body);
      } catch (error) {
        refused?.(exchange, error);
        const answer = refusalAnswer(exchange, error, invalid);
        return sendJson(exchange, answer.status, [...fields, ...answer.fields], answer.body);
      }
    },
  ];
}

/** Counts guesses: a wrong secret, code or token. A mistake in form costs nothing. RFC 6749 §10.10. */
export const countGuesses = (limits: RateLimits): Threshold => ({
  admit: (incoming) => limits.token(incoming),
  refused: (incoming, error) => {
    if (error instanceof TokenRefusal && (error.error === 'invalid_client' || error.error === 'invalid_grant'))
      limits.tokenFailed(incoming);
  },
});
