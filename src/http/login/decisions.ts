import type { Context } from 'koa';
import { emailDomain } from '../../domain/email-domain.ts';
import { ConnectionId, TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { alreadyAnswered } from '../../pages/already-answered.ts';
import { beforeSignIn } from '../../pages/before-sign-in.ts';
import { appText } from '../../pages/request.ts';
import type { Parameters } from '../body.ts';
import { readForm } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import { csrfToken, requireOurForm } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals, showPage, showStopped } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { logOf } from '../request-log.ts';
import { appOf, signInView } from './views.ts';
import { pressed } from './pressed.ts';

/** RFC 5321 §4.5.3.1.3: what is longer is no address. */
const longestAddress = 255;

/** One value of a form field; a repeated one was not sent by our page. */
function single(form: Parameters, name: string): string {
  const value = form.values[name];
  if (value === undefined || form.repeated.has(name)) throw new PageRefusal('malformed-request', `${name} is missing or repeated`);
  return value;
}

async function decide(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows, organisation } = dependencies;
  const { id, browser, form } = await pressed(ctx, dependencies);
  const decision = single(form, 'decision');
  if (decision !== 'approve' && decision !== 'deny') throw new PageRefusal('malformed-request', 'decision is neither approve nor deny');
  const tenant = decision === 'approve' ? single(form, 'shown_tenant') : '';
  const recorded = await flows.recordConsent(id, browser.digest, { decision, tenant, scope: form.all('scope') });
  if (recorded === 'answered') {
    // The first press counts; a second one that says otherwise is told so.
    const { transaction, resource } = await flows.continueAuthorization(id, browser.digest);
    const { at } = transaction.stage;
    if ((at === 'approved' && decision === 'deny') || (at === 'denied' && decision === 'approve')) {
      const app = { name: transaction.request.client_name };
      return showPage(ctx, 200, alreadyAnswered({ organisation, app, resource, answer: at }));
    }
  }
  return sendOn(ctx, transactionPath(id));
}

async function stop(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows } = dependencies;
  const { id, browser } = await pressed(ctx, dependencies);
  await flows.leaveQuestion(id, browser.digest);
  if ((await flows.stopAuthorization(id, browser.digest)) === 'answered') return sendOn(ctx, transactionPath(id));
  const { transaction } = await flows.continueAuthorization(id, browser.digest);
  return showStopped(
    ctx,
    dependencies,
    new PageRefusal('stopped-by-person', 'the person did not start this', { app: appText(appOf(transaction.request)) }),
  );
}

async function chooseTenant(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { id, browser, form } = await pressed(ctx, dependencies);
  await dependencies.flows.chooseTenant(id, browser.digest, single(form, 'tenant'));
  sendOn(ctx, transactionPath(id));
}

async function anotherAccount(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows } = dependencies;
  const { id, browser } = await pressed(ctx, dependencies);
  const { transaction } = await flows.continueAuthorization(id, browser.digest);
  if (transaction.stage.at !== 'consenting') return sendOn(ctx, transactionPath(id));
  const { connectionId } = transaction.stage.person;
  const started = await flows.beginLogin({
    id,
    browser: browser.digest,
    connectionId,
    purpose: 'another-account',
    log: logOf(ctx, dependencies.log),
  });
  return sendOn(ctx, started.to === 'upstream' ? started.url.href : transactionPath(id));
}

/** Pressing a door is the consent to be sent there; before it nothing went upstream. */
async function signIn(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows, cookie, directory, sealing } = dependencies;
  const form = await readForm(ctx);
  const id = TransactionId.safeParse(form.values['transaction']);
  const connectionId = ConnectionId.safeParse((ctx as Context & { params: Record<string, string> }).params['connection']);
  const browser = id.success ? cookie.read(ctx, id.data) : null;
  if (!id.success || !connectionId.success) throw new PageRefusal('not-found', 'no such transaction or connection');
  if (browser === null) throw new PageRefusal('other-browser', 'the browser has no cookie of ours');
  requireOurForm(ctx, { issuer: directory.issuer, sealing, browser, transaction: id.data, form });
  const started = await flows.beginLogin({
    id: id.data,
    browser: browser.digest,
    connectionId: connectionId.data,
    purpose: 'sign-in',
    log: logOf(ctx, dependencies.log),
  });
  sendOn(ctx, started.to === 'upstream' ? started.url.href : transactionPath(id.data));
}

/** Looks for the sign-in of somebody's company. Finding it goes there: the press was for that. */
async function findCompany(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows, log, sealing } = dependencies;
  const { id, browser, form } = await pressed(ctx, dependencies);
  const email = single(form, 'email').trim().slice(0, longestAddress);
  const situation = await flows.continueAuthorization(id, browser.digest);
  const { step, offer } = situation;
  if (step.step !== 'choose-connection' || offer?.byEmail !== true) return sendOn(ctx, transactionPath(id));
  const connectionId = await flows.findCompany(id, browser.digest, email);
  if (connectionId === null) {
    const lookedFor = { email, isAddress: emailDomain(email) !== null };
    const facts = { csrf: csrfToken(sealing, browser, id), notice: null, lookedFor };
    return showPage(ctx, 422, beforeSignIn(signInView(dependencies, situation, facts)));
  }
  const start = { id, browser: browser.digest, connectionId, purpose: 'sign-in' as const, login_hint: email, log: logOf(ctx, log) };
  const started = await flows.beginLogin(start);
  return sendOn(ctx, started.to === 'upstream' ? started.url.href : transactionPath(id));
}

/** Everything a person can press. */
export const decisionRoutes =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    const bind = (handler: (ctx: Context, dependencies: HttpDependencies) => Promise<void>) => (ctx: Context) => handler(ctx, dependencies);
    router.post('/login/:connection', pages, inTime, bind(signIn));
    router.post('/authorize/:transaction/consent', pages, inTime, bind(decide));
    router.post('/authorize/:transaction/tenant', pages, inTime, bind(chooseTenant));
    router.post('/authorize/:transaction/account', pages, inTime, bind(anotherAccount));
    router.post('/authorize/:transaction/company', pages, inTime, bind(findCompany));
    router.post('/authorize/:transaction/stop', pages, inTime, bind(stop));
  };
