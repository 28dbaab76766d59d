import type Router from '@koa/router';
import type { Context } from 'koa';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import type { HttpDependencies } from '../context.ts';
import { allowCrossOrigin } from '../headers.ts';
import { patience } from '../patience.ts';
import type { RateLimits } from '../rate-limit.ts';
import { jsonRefusals } from '../refusals.ts';

/** Stands before an endpoint that clients post to: preflight, method, and a limit that may refuse before the body is read. */
export function onlyPost(
  router: Router,
  path: string,
  {
    log,
    inTime,
    invalid,
    limit,
  }: Pick<HttpDependencies, 'log' | 'inTime'> & {
    invalid?: 'invalid_client_metadata';
    limit(ctx: Context, next: () => Promise<unknown>): Promise<unknown>;
  },
): void {
  router.all(path, jsonRefusals(log, invalid), inTime(patience.program), async (ctx, next) => {
    allowCrossOrigin(ctx, 'POST, OPTIONS');
    if (ctx.method === 'OPTIONS') return;
    if (ctx.method !== 'POST') {
      ctx.status = 405;
      ctx.set('Allow', 'POST, OPTIONS');
      ctx.body = { error: 'invalid_request', error_description: 'Send this with POST.' };
      return;
    }
    await limit(ctx, next);
  });
}

/** Counts guesses: a wrong secret, code or token. A mistake in form costs nothing. RFC 6749 §10.10. */
export const countGuesses =
  (limits: RateLimits) =>
  async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    await limits.token(ctx);
    try {
      await next();
    } catch (error) {
      if (error instanceof TokenRefusal && (error.error === 'invalid_client' || error.error === 'invalid_grant'))
        await limits.tokenFailed(ctx);
      throw error;
    }
  };
