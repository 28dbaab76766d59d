import type { Context } from 'koa';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { pressed } from './pressed.ts';

/** Where somebody presses who takes an invitation. */
export const takeInvitationRoute =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const inTime = patiently(dependencies.inTime(patience.person));
    router.post('/authorize/:transaction/invitation', pageRefusals(dependencies), inTime, async (ctx: Context) => {
      const { id, browser } = await pressed(ctx, dependencies);
      await dependencies.flows.acceptInvitation(id, browser.digest);
      sendOn(ctx, transactionPath(id));
    });
  };
