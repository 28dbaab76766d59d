import type { Context } from 'koa';
import { testOfState } from '../../domain/connection-test.ts';
import { ConnectionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { transactionOfState } from '../../domain/transaction.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { logOf } from '../request-log.ts';
import { takeTestAnswer } from './connection-test.ts';

/** Where a connection's upstream sends the browser back to: one path per connection. RFC 9700 §4.4.2. */
export const callbackPath = (connectionId: string): string => `/callback/${connectionId}`;

export const callbackRoute =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const { cookie, flows, log } = dependencies;
    const answered = async (ctx: Context) => {
      // An answer is used up by taking it, and looking takes nothing.
      if (ctx.method === 'HEAD') throw new PageRefusal('malformed-request', 'HEAD');
      const { connection, state } = (ctx as Context & { params: Record<string, string | undefined> }).params;
      const connectionId = ConnectionId.safeParse(connection);
      if (!connectionId.success) throw new PageRefusal('not-found', 'no such connection');
      const answer = new URLSearchParams(ctx.querystring);
      if (state !== undefined) answer.append('state', state);
      if (testOfState(answer.get('state')) !== null) return takeTestAnswer(ctx, dependencies, { connectionId: connectionId.data, answer });
      // An answer without our cookie is judged like one in another browser: it also ends the attempt it names.
      const browser = cookie.read(ctx, transactionOfState(answer.get('state')) ?? '')?.digest ?? '';
      const fresh = cookie.renew();
      const { id, url, renewed } = await flows.completeLogin({
        connectionId: connectionId.data,
        browser,
        renewal: fresh.digest,
        answer,
        log: logOf(ctx, log),
      });
      if (renewed) fresh.give(ctx, id);
      return sendOn(ctx, url?.href ?? transactionPath(id));
    };
    const [pages, inTime] = [pageRefusals(dependencies), patiently(dependencies.inTime(patience.person))];
    router.get(callbackPath(':connection'), pages, inTime, answered);
    // Some upstreams forget the state and keep the path.
    router.get(`${callbackPath(':connection')}/:state`, pages, inTime, answered);
  };
