import type { Context } from 'koa';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { PasskeyAnswer } from '../../domain/passkey.ts';
import type { TransactionId } from '../../domain/ids.ts';
import type { Parameters } from '../body.ts';
import { readJson } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import { csrfToken } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { showFactor } from './factor-page.ts';
import type { WrongField } from './factor-page.ts';
import { pressed } from './pressed.ts';

const longest = 100;

/** What was typed, and where: one of the two, once. */
function typedIn(form: Parameters): { field: 'code' | 'recovery'; typed: string } {
  const field = form.values['recovery'] === undefined ? 'code' : 'recovery';
  const typed = form.values[field];
  if (typed === undefined || form.repeated.has(field) || typed.length > longest)
    throw new PageRefusal('malformed-request', `${field} is missing, repeated or endless`);
  return { field, typed };
}

/** What a browser answered for a passkey. */
function passkeyIn(form: Parameters): PasskeyAnswer {
  const text = form.values['passkey'];
  if (text === undefined || form.repeated.has('passkey')) throw new PageRefusal('malformed-request', 'passkey is missing or repeated');
  const answer = PasskeyAnswer.safeParse(readJson(Buffer.from(text)));
  if (!answer.success) throw new PageRefusal('malformed-request', 'passkey is no answer of a browser');
  return answer.data;
}

type Judge = (form: Parameters, id: TransactionId, browser: string) => { field: Exclude<WrongField, null>; answered: Promise<string> };

/** Has an answer judged; a wrong one is asked for again on the same page, with the status of a form that has to be filled in again. */
async function answer(ctx: Context, dependencies: HttpDependencies, judge: Judge): Promise<void> {
  const { flows, limits, sealing } = dependencies;
  limits.answer(ctx);
  const { id, browser, form } = await pressed(ctx, dependencies);
  const { field, answered } = judge(form, id, browser.digest);
  if ((await answered) !== 'wrong') return sendOn(ctx, transactionPath(id));
  const situation = await flows.continueAuthorization(id, browser.digest);
  const { step } = situation;
  if (step.step !== 'own-factor') return sendOn(ctx, transactionPath(id));
  return showFactor(ctx, dependencies, situation, { step, csrf: csrfToken(sealing, browser, id), browser: browser.digest, wrong: field });
}

async function press(ctx: Context, dependencies: HttpDependencies, effect: 'keepCodes' | 'declineFactor'): Promise<void> {
  const { id, browser } = await pressed(ctx, dependencies);
  await dependencies.flows[effect](id, browser.digest);
  sendOn(ctx, transactionPath(id));
}

/** What a person answers and presses on the pages of our own second factor. */
export const factorRoutes =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    const at = '/authorize/:transaction/factor';
    const { flows } = dependencies;
    const typed =
      (judge: 'answerFactor' | 'confirmEnrolment'): Judge =>
      (form, id, browser) => {
        const { field, typed: text } = typedIn(form);
        return { field, answered: flows[judge](id, browser, text) };
      };
    const passkey: Judge = (form, id, browser) => ({ field: 'passkey', answered: flows.answerPasskey(id, browser, passkeyIn(form)) });
    router.post(at, pages, inTime, (ctx: Context) => answer(ctx, dependencies, typed('answerFactor')));
    router.post(`${at}/enrol`, pages, inTime, (ctx: Context) => answer(ctx, dependencies, typed('confirmEnrolment')));
    router.post('/authorize/:transaction/passkey', pages, inTime, (ctx: Context) => answer(ctx, dependencies, passkey));
    router.post(`${at}/saved`, pages, inTime, (ctx: Context) => press(ctx, dependencies, 'keepCodes'));
    router.post(`${at}/decline`, pages, inTime, (ctx: Context) => press(ctx, dependencies, 'declineFactor'));
  };
