import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { Exchange, Incoming } from './exchange.ts';
import { pathOf } from './exchange.ts';

/** A log from which others can be made whose lines all carry the same fields. */
export interface RequestScope extends Log {
  with(fields: LogFields): Log;
}

const logs = new WeakMap<IncomingMessage, Log>();

/** The log whose lines carry the id of this request; where requests have none, the given one. */
export const logOf = ({ req }: Incoming, log: Log): Log => logs.get(req) ?? log;

/** The path with everything that names a transaction or connection taken out; queries are never logged. */
const routeOf = (path: string) => path.replace(/\/[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]+)?(?=\/|$)/, '/:transaction').slice(0, 100);

/** Gives a request its id, which stands on every line about it, and one line when it ends. */
export const openRequestLog =
  (log: RequestScope, clock: Clock, entropy: Entropy) =>
  (req: IncomingMessage, res: ServerResponse): Exchange => {
    const began = clock.now();
    const requestId = entropy.id();
    const exchange = { req, res, requestId, log: log.with({ requestId }) };
    logs.set(req, exchange.log);
    res.once('close', () => {
      const path = pathOf(exchange);
      if (path === '/healthz' || path === '/readyz') return;
      exchange.log.info('request', { method: req.method ?? '', route: routeOf(path), status: res.statusCode, ms: clock.now() - began });
    });
    return exchange;
  };
