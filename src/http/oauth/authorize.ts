import type { Context } from 'koa';
import { endpointPaths } from '../../domain/metadata.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { readParameters } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Route } from '../endpoint.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';

/** Where a transaction's pages live; nothing of the request is in the address. */
export const transactionPath = (id: string): string => `${endpointPaths.authorization_endpoint}/${id}`;

/** RFC 6749 §3.1: validated once, frozen, and on to the first page. */
export const authorizeRoute =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const { cookie, flows, limits } = dependencies;
    router.get(
      endpointPaths.authorization_endpoint,
      pageRefusals(dependencies),
      patiently(dependencies.inTime(patience.person)),
      async (ctx: Context) => {
        // Looking whether something is here begins nothing.
        if (ctx.method === 'HEAD') {
          ctx.status = 204;
          return;
        }
        limits.authorize(ctx);
        if (ctx.querystring.length > 15_000) throw new PageRefusal('malformed-request', 'the query is too long');
        const { values, repeated } = readParameters(ctx.querystring);
        const browser = cookie.establish(ctx);
        const id = await flows.beginAuthorization({ values, repeated }, browser.digest);
        sendOn(ctx, transactionPath(id));
      },
    );
  };
