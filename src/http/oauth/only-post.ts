import type { Context } from 'koa';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute } from '../endpoint.ts';
import { allowCrossOrigin } from '../headers.ts';
import { patience } from '../patience.ts';
import type { RateLimits } from '../rate-limit.ts';
import { answerRefusal } from '../refusals.ts';
import { logOf } from '../request-log.ts';

/** What stands before an endpoint: `admit` may refuse before the body is read, `refused` hears of every refusal. */
interface Threshold {
  readonly invalid?: 'invalid_request' | 'invalid_client_metadata';
  admit(ctx: Context): void;
  refused?(ctx: Context, error: unknown): void;
}

/** An endpoint that clients post to, with its preflight, method, limit and deadline; whatever it throws becomes its answer. */
export function onlyPost(
  path: string,
  serve: (ctx: Context) => Promise<void>,
  { log, inTime }: Pick<HttpDependencies, 'log' | 'inTime'>,
  { invalid = 'invalid_request', admit, refused }: Threshold,
): ExactRoute {
  const waitFor = inTime(patience.program);
  return [
    path,
    async (ctx) => {
      allowCrossOrigin(ctx, 'POST, OPTIONS');
      if (ctx.method === 'OPTIONS') return;
      if (ctx.method !== 'POST') {
        ctx.status = 405;
        ctx.set('Allow', 'POST, OPTIONS');
        ctx.body = { error: 'invalid_request', error_description: 'Send this with POST.' };
        return;
      }
      try {
        admit(ctx);
        await waitFor(ctx, () => serve(ctx));
      } catch (error) {
        refused?.(ctx, error);
        answerRefusal(ctx, error, logOf(ctx, log), invalid);
      }
    },
  ];
}

/** Counts guesses: a wrong secret, code or token. A mistake in form costs nothing. RFC 6749 §10.10. */
export const countGuesses = (limits: RateLimits): Threshold => ({
  admit: (ctx) => limits.token(ctx),
  refused: (ctx, error) => {
    if (error instanceof TokenRefusal && (error.error === 'invalid_client' || error.error === 'invalid_grant')) limits.tokenFailed(ctx);
  },
});
