import type { Context } from 'koa';
import { findTenant } from '../../domain/directory.ts';
import { TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { PageRefusalKind } from '../../domain/oauth-error.ts';
import type { Lack } from '../../domain/assurance-demand.ts';
import type { Step } from '../../domain/next-step.ts';
import type { StageAt } from '../../domain/transaction.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { beforeSignIn } from '../../pages/before-sign-in.ts';
import { consent } from '../../pages/consent.ts';
import { joinButton } from '../../pages/join-texts.ts';
import { appText } from '../../pages/request.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Browser } from '../cookies.ts';
import { csrfToken } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals, showPage, showStopped } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { logOf } from '../request-log.ts';
import { deliverCode, deliverDenial } from './answer.ts';
import { showFactor } from './factor-page.ts';
import { showQuestion } from './question-page.ts';
import { showInvitation } from './invitation-page.ts';
import { showJoin } from './link-page.ts';
import { appOf, consentView, linkActionOf, signInView } from './views.ts';

/** The transaction named in the path and the browser it has to belong to. */
export function addressed(ctx: Context, { cookie }: HttpDependencies): { id: TransactionId; browser: Browser } {
  const id = TransactionId.safeParse((ctx as Context & { params: Record<string, string> }).params['transaction']);
  const browser = id.success ? cookie.read(ctx, id.data) : null;
  if (!id.success) throw new PageRefusal('not-found', 'not a transaction');
  if (browser === null) throw new PageRefusal('other-browser', 'the browser has no cookie of ours');
  return { id: id.data, browser };
}

/** Sends the browser to its identity provider to prove more; if that cannot be reached the dispatcher says so. */
async function proveMore(
  ctx: Context,
  { flows, log }: HttpDependencies,
  browser: Browser,
  step: Step & { step: 'prove-more' },
  id: TransactionId,
): Promise<void> {
  const { connectionId } = step.stage.person;
  const started = await flows.beginLogin({
    id,
    browser: browser.digest,
    connectionId,
    purpose: step.wanted,
    log: logOf(ctx, log),
  });
  sendOn(ctx, started.to === 'upstream' ? started.url.href : transactionPath(id));
}

function personOf({ stage }: Situation['transaction']): StageAt<'consenting'>['person'] | null {
  return stage.at === 'consenting' ? stage.person : null;
}

/** The account as the person knows it: sign-ins offer several. */
function accountOf({ stage }: Situation['transaction']): { account?: string } {
  const person = stage.at === 'consenting' ? stage.person : null;
  const account = person?.email ?? person?.name ?? null;
  return account === null ? {} : { account };
}

/** The tenant whose address was asked for, by name. */
function workspaceOf({ directory }: HttpDependencies, { request }: Situation['transaction']): { workspace?: string } {
  const tenant = request.tenantId === null ? null : findTenant(directory, request.tenantId);
  return tenant === null ? {} : { workspace: tenant.name };
}

/** The person is signed in and cannot go on: another account can, and after a missing second step so can another try. */
function stoppedShort(
  ctx: Context,
  dependencies: HttpDependencies,
  situation: Situation,
  csrf: string,
  refusal: PageRefusal,
  again: { text: string; tenant: string } | null,
): void {
  const { transaction } = situation;
  const fields = { transaction: transaction.id, csrf };
  const at = transactionPath(transaction.id);
  const other = { text: 'Sign in with another account', action: `${at}/account`, fields };
  if (again === null) {
    const person = personOf(transaction);
    const link = person === null ? null : linkActionOf(dependencies, transaction, person);
    const quiet = link === null ? {} : { quietButton: { text: joinButton, action: link, fields } };
    return showStopped(ctx, dependencies, refusal, { otherButton: other, ...quiet });
  }
  const button = { text: again.text, action: `${at}/tenant`, fields: { ...fields, tenant: again.tenant } };
  return showStopped(ctx, dependencies, refusal, { button, otherButton: other });
}

/** Nothing here is theirs, or not any more what they were invited to. */
function noAccess(ctx: Context, dependencies: HttpDependencies, situation: Situation, csrf: string): void {
  const { transaction, resource } = situation;
  if (transaction.request.invitation !== undefined)
    return showStopped(ctx, dependencies, new PageRefusal('invitation-over', 'taken by somebody else, or over, since they followed it'));
  const names = { server: resource.name, ...workspaceOf(dependencies, transaction), ...accountOf(transaction) };
  const refusal = new PageRefusal('no-access', 'the person belongs to no tenant, or not to the one of this address', names);
  return stoppedShort(ctx, dependencies, situation, csrf, refusal, null);
}

const unprovenKind: Readonly<Record<Lack, PageRefusalKind>> = {
  'second factor': 'second-factor-unproven',
  'phishing-resistant sign-in': 'phishing-resistance-unproven',
  'recent sign-in': 'sign-in-too-old',
};

/** One thing at a time: what is said first is what whoever asks wants first. */
function unprovenRefusal(
  { tenant, lacks, asker }: Step & { step: 'unproven' },
  { transaction, resource }: Situation,
  connection: string,
): PageRefusal {
  const [lack = 'second factor'] = lacks;
  const names = { tenant: tenant.name, resource: resource.name, client: appText(appOf(transaction.request)) };
  return new PageRefusal(unprovenKind[lack], `the identity provider proved no ${lack}`, { connection, workspace: names[asker] });
}

/** One place shows every step; the order of things is the domain's `nextStep`. */
async function show(ctx: Context, dependencies: HttpDependencies, browser: Browser, situation: Situation): Promise<void> {
  const { transaction, resource, step } = situation;
  const csrf = csrfToken(dependencies.sealing, browser, transaction.id);
  const app = appText(appOf(transaction.request));
  const connection =
    dependencies.directory.connections.find((entry) => entry.id === personOf(transaction)?.connectionId)?.name ?? 'Your company sign-in';
  switch (step.step) {
    case 'choose-connection':
      return showPage(ctx, 200, beforeSignIn(signInView(dependencies, situation, { csrf, notice: step.notice })));
    case 'consent':
      return showPage(ctx, 200, consent(consentView(dependencies, situation, step, csrf)));
    case 'no-access':
      return noAccess(ctx, dependencies, situation, csrf);
    case 'invitation':
      return showInvitation(ctx, dependencies, situation, { step, csrf });
    case 'join':
      return showJoin(ctx, dependencies, situation, { step, csrf });
    case 'finish-join':
      await dependencies.flows.finishJoin(transaction.id, browser.digest);
      return sendOn(ctx, transactionPath(transaction.id));
    case 'ask':
      return showQuestion(ctx, dependencies, situation, { csrf, connectionId: step.connectionId });
    case 'prove-more':
      return proveMore(ctx, dependencies, browser, step, transaction.id);
    case 'unproven': {
      const refusal = unprovenRefusal(step, situation, connection);
      return stoppedShort(ctx, dependencies, situation, csrf, refusal, { text: 'Try again', tenant: step.tenant.id });
    }
    case 'proof-unreachable': {
      const refusal = new PageRefusal('not-answering', 'the identity provider could not be asked for more proof', { connection });
      return stoppedShort(ctx, dependencies, situation, csrf, refusal, { text: 'Try again', tenant: step.tenant.id });
    }
    case 'own-factor':
    case 'save-codes':
      return showFactor(ctx, dependencies, situation, { step, csrf, browser: browser.digest, wrong: null });
    case 'respond':
      await dependencies.flows.ensureGrant(transaction, step.stage, resource);
      return deliverCode(ctx, dependencies, { transaction, resource, stage: step.stage });
    case 'respond-denied':
      return deliverDenial(ctx, dependencies, { transaction, resource });
    case 'stopped':
      return showStopped(ctx, dependencies, new PageRefusal('stopped-by-person', 'this transaction was stopped', { app }));
  }
}

/** The dispatcher's page. */
export const transactionRoute =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    router.get(
      '/authorize/:transaction',
      pageRefusals(dependencies),
      patiently(dependencies.inTime(patience.person)),
      async (ctx: Context) => {
        const { id, browser } = addressed(ctx, dependencies);
        await show(ctx, dependencies, browser, await dependencies.flows.continueAuthorization(id, browser.digest));
      },
    );
  };
