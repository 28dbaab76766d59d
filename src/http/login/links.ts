import type { Context } from 'koa';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { pressed } from './pressed.ts';

/** What a person presses to join two accounts of theirs, or to leave them apart. */
export const linkRoutes =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const { flows } = dependencies;
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    const at = '/authorize/:transaction/link';
    router.post(at, pages, inTime, async (ctx: Context) => {
      const { id, browser } = await pressed(ctx, dependencies);
      await flows.beginLink(id, browser.digest);
      sendOn(ctx, transactionPath(id));
    });
    router.post(`${at}/join`, pages, inTime, async (ctx: Context) => {
      const { id, browser, form } = await pressed(ctx, dependencies);
      const staying = form.values['shown_staying'];
      if (staying === undefined || form.repeated.has('shown_staying'))
        throw new PageRefusal('malformed-request', 'shown_staying is missing or repeated');
      await flows.joinAccounts(id, browser.digest, staying);
      sendOn(ctx, transactionPath(id));
    });
    router.post(`${at}/apart`, pages, inTime, async (ctx: Context) => {
      const { id, browser } = await pressed(ctx, dependencies);
      await flows.leaveApart(id, browser.digest);
      sendOn(ctx, transactionPath(id));
    });
  };
