import type { Context, Middleware } from 'koa';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log, LogFields } from '../ports/log.ts';

/** A log from which others can be made whose lines all carry the same fields. */
export interface RequestScope extends Log {
  with(fields: LogFields): Log;
}

/** The log whose lines carry the id of this request; where requests have none, the given one. */
export const logOf = (ctx: Context, log: Log): Log => (ctx.state['log'] as Log | undefined) ?? log;

/** The path with everything that names a transaction or connection taken out; queries are never logged. */
const routeOf = (path: string) => path.replace(/\/[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]+)?(?=\/|$)/, '/:transaction').slice(0, 100);

/** One line for each request when it ends, and an id on every line between. */
export const requestLog = (log: RequestScope, clock: Clock, entropy: Entropy): Middleware => {
  return (ctx, next) => {
    const began = clock.now();
    const scoped = log.with({ requestId: entropy.id() });
    ctx.state['log'] = scoped;
    ctx.res.once('close', () => {
      const fields = { method: ctx.method, route: routeOf(ctx.path), status: ctx.res.statusCode, ms: clock.now() - began };
      if (ctx.path !== '/healthz' && ctx.path !== '/readyz') scoped.info('request', fields);
    });
    return next();
  };
};
