import type { Context } from 'koa';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Parameters } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Browser } from '../cookies.ts';
import { csrfToken } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { logOf } from '../request-log.ts';
import { pressed } from './pressed.ts';
import { showQuestion } from './question-page.ts';

const known = ['way', 'email', 'password', 'code'];
const longest = 1000;

/** What the person filled in, and nothing else of the form. */
function fieldsOf(form: Parameters): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of known) {
    const value = form.values[name];
    if (form.repeated.has(name) || (value?.length ?? 0) > longest)
      throw new PageRefusal('malformed-request', `${name} is repeated or endless`);
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** What this browser is known by after this very answer: whoever does not know the answer cannot have it made. */
const renewalOf = ({ sealing }: HttpDependencies, browser: Browser, id: string, fields: Readonly<Record<string, string>>): string =>
  sealing.mac('browser_renewal', JSON.stringify([browser.digest, id, fields]));

async function answer(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows, cookie, limits, log, sealing } = dependencies;
  limits.answer(ctx);
  const { id, browser, form } = await pressed(ctx, dependencies);
  const fields = fieldsOf(form);
  const renewal = cookie.renew(renewalOf(dependencies, browser, id, fields));
  const onward = await flows.answerQuestion({ id, browser: browser.digest, renewal: renewal.digest, fields, log: logOf(ctx, log) });
  if (onward.renewed) renewal.give(ctx, id);
  if (onward.url !== undefined || onward.renewed) return sendOn(ctx, onward.url?.href ?? transactionPath(id));
  const situation = await flows.continueAuthorization(id, browser.digest);
  const { step, question } = situation;
  if (step.step !== 'ask' || question?.problem !== 'no-match') return sendOn(ctx, transactionPath(id));
  return showQuestion(ctx, dependencies, situation, { csrf: csrfToken(sealing, browser, id), connectionId: step.connectionId });
}

async function leave(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { id, browser } = await pressed(ctx, dependencies);
  await dependencies.flows.leaveQuestion(id, browser.digest);
  sendOn(ctx, transactionPath(id));
}

/** What a person answers on a page of ours during a sign-in that asks here. */
export const questionRoutes =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    router.post('/authorize/:transaction/answer', pages, inTime, (ctx: Context) => answer(ctx, dependencies));
    router.post('/authorize/:transaction/other-way', pages, inTime, (ctx: Context) => leave(ctx, dependencies));
  };
