import type { Context } from 'koa';
import { administrationScopes, isPlatform, mayAdminister } from '../../domain/administration.ts';
import { consolePaths } from '../../domain/console.ts';
import { findTenant } from '../../domain/directory.ts';
import { TenantId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { accessRules } from '../../pages/access-rules.ts';
import type { Bar } from '../../pages/bar.ts';
import type { Notice } from '../../pages/notice.ts';
import { readForm, readParameters } from '../body.ts';
import type { Parameters } from '../body.ts';
import { sendOn } from '../context.ts';
import { csrfToken, requireOurForm } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { pageRefusals, showPage, showStopped } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { formLimits } from './draft-form.ts';
import { changedMeanwhile, openDraft, paused, publish, waitFor } from './rules-press.ts';
import type { Answered } from './rules-press.ts';
import { draftView } from './rules-draft-view.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';
import { signedIn } from './session.ts';
import { again, barForm, beginSignIn, showSignedOut } from './sign-in.ts';

/** What a form of this page is bound to besides the session. */
const formName = (tenantId: TenantId): string => `rules.${tenantId}`;

/** Signed in, and not an administrator: another account can be. */
function showNoAccess(ctx: Context, dependencies: ConsoleDependencies, { standing, browser }: SignedIn): void {
  const account = standing.user.email ?? standing.user.name ?? 'this account';
  const refusal = new PageRefusal('no-access', 'may not look at rules', { server: 'administration', account });
  const fields = { csrf: csrfToken(dependencies.sealing, browser, barForm) };
  const otherButton = { text: 'Sign out', action: consolePaths.signOut, fields };
  showStopped(ctx, dependencies, refusal, { otherButton });
}

/** The workspace the path names, whether or not there is one. */
const namedIn = (ctx: Context) => TenantId.safeParse((ctx as Context & { params: Record<string, string> }).params['workspace']);

/** The workspace of the path, for whoever may look at it; for others it is not there. Null once somebody was told that they may not. */
function workspaceFor(ctx: Context, dependencies: ConsoleDependencies, who: SignedIn): TenantId | null {
  const { standing, scope } = who;
  const { administration } = dependencies;
  const id = namedIn(ctx);
  const verdict = id.success ? mayAdminister(standing, id.data, 'drawbridge:read', administration) : 'unknown';
  if (!id.success || verdict === 'unknown') throw new PageRefusal('not-found', 'no such workspace for this administrator');
  if (verdict === 'allowed' && scope.includes(administrationScopes.read)) return id.data;
  showNoAccess(ctx, dependencies, who);
  return null;
}

function barOf({ directory, administration, sealing }: ConsoleDependencies, { standing, browser }: SignedIn, here: TenantId): Bar {
  const others = isPlatform(standing, administration) ? directory.tenants : [];
  const places =
    others.length < 2 ? [{ id: here, name: 'Access rules' }] : others.map(({ id, name }) => ({ id, name: `Rules of ${name}` }));
  return {
    places: places.map(({ id, name }) => ({ name, href: consolePaths.rules(id), isHere: id === here })),
    account: standing.user.email ?? standing.user.name ?? '',
    signOutAction: consolePaths.signOut,
    csrf: csrfToken(sealing, browser, barForm),
  };
}

async function answer(
  ctx: Context,
  dependencies: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  answered: Answered,
): Promise<void> {
  const { organisation, sealing, directory } = dependencies;
  const resting = findTenant(directory, tenantId)?.isSuspended === true ? suspended : null;
  const view = await draftView(dependencies, who, tenantId, { ...answered, notice: answered.notice ?? resting });
  const frame = {
    organisation,
    bar: barOf(dependencies, who, tenantId),
    action: consolePaths.rules(tenantId),
    csrf: csrfToken(sealing, who.browser, formName(tenantId)),
  };
  showPage(ctx, answered.status, accessRules({ ...frame, ...view }));
}

const suspended: Notice = {
  tone: 'plain',
  title: 'This workspace is suspended',
  text: 'Nobody can enter it now. What is shown here is what holds once it is in use again.',
};
const published: Notice = { tone: 'ok', title: 'Published', text: 'These rules hold everywhere now.' };

async function look(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const who = await signedIn(ctx, dependencies);
  if (who === null) return beginSignIn(ctx, dependencies, namedIn(ctx).data ?? null);
  const tenantId = workspaceFor(ctx, dependencies, who);
  if (tenantId === null) return undefined;
  const draft = await openDraft(dependencies, who, tenantId, null);
  const isNew = readParameters(ctx.querystring).values['published'] === String(draft.policy.number);
  return answer(ctx, dependencies, who, tenantId, {
    draft,
    form: null,
    status: 200,
    notice: isNew ? published : null,
    problem: null,
    isTrying: false,
  });
}

/** A press in the browser whose page it was; nothing else is read of a form before that is sure. */
async function formOf(ctx: Context, dependencies: ConsoleDependencies, who: SignedIn, tenantId: TenantId): Promise<Parameters> {
  const { directory, sealing } = dependencies;
  const form = await readForm(ctx, formLimits);
  requireOurForm(ctx, { issuer: directory.issuer, sealing, browser: who.browser, transaction: formName(tenantId), form });
  return form;
}

async function press(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const before = await signedIn(ctx, dependencies);
  if (before === null) return showSignedOut(ctx, dependencies, 'a form without a session', namedIn(ctx).data ?? null);
  const place = workspaceFor(ctx, dependencies, before);
  if (place === null) return undefined;
  const form = await formOf(ctx, dependencies, before, place);
  // Whoever takes their time with the form goes by what they may do once it is there.
  const askAgain = () => signedIn(ctx, dependencies);
  const who = await askAgain();
  if (who === null) return showSignedOut(ctx, dependencies, 'a session that ended while the form came', place);
  const tenantId = workspaceFor(ctx, dependencies, who);
  if (tenantId === null) return undefined;
  const draft = await openDraft(dependencies, who, tenantId, form);
  const wait = waitFor(dependencies, who, draft);
  if (wait > 0) {
    ctx.set('Retry-After', String(wait));
    return answer(ctx, dependencies, who, tenantId, { draft, form, status: 429, notice: paused(wait), problem: null, isTrying: false });
  }
  if (draft.press.what === 'publish') {
    const answered = await publish(dependencies, who, tenantId, { draft, form, askAgain });
    if ('revision' in answered) return sendOn(ctx, `${consolePaths.rules(tenantId)}?published=${answered.revision}`);
    return answer(ctx, dependencies, who, tenantId, answered);
  }
  const notice = draft.isRebased ? changedMeanwhile : null;
  const isTrying = draft.press.what === 'try';
  return answer(ctx, dependencies, who, tenantId, { draft, form, status: 200, notice, problem: null, isTrying });
}

/** Where access rules are tried, and published if that is done here. */
export const accessRulesRoutes =
  (dependencies: ConsoleDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies, { unconfirmed: again });
    const inTime = patiently(dependencies.inTime(patience.person));
    const at = consolePaths.rules(':workspace');
    router.get(at, pages, inTime, (ctx: Context) => look(ctx, dependencies));
    router.post(at, pages, inTime, (ctx: Context) => press(ctx, dependencies));
  };
