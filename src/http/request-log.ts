import type { Middleware } from 'koa';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log, LogFields } from '../ports/log.ts';

/** A log whose lines within `run` all carry the same fields. */
export interface RequestScope extends Log {
  within<Result>(fields: LogFields, run: () => Result): Result;
}

/** The path with everything that names a transaction or connection taken out; queries are never logged. */
const routeOf = (path: string) => path.replace(/\/[A-Za-z0-9_-]{22}(?=\/|$)/, '/:transaction').slice(0, 100);

/** One line for each request when it ends, and an id on every line between. */
export const requestLog = (log: RequestScope, clock: Clock, entropy: Entropy): Middleware => {
  return (ctx, next) => {
    const began = clock.now();
    const requestId = entropy.id();
    ctx.res.once('close', () => {
      const fields = { requestId, method: ctx.method, route: routeOf(ctx.path), status: ctx.res.statusCode, ms: clock.now() - began };
      if (ctx.path !== '/healthz' && ctx.path !== '/readyz') log.info('request', fields);
    });
    return log.within({ requestId }, next);
  };
};
