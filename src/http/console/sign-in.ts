import type { Context } from 'koa';
import { consoleAddress, consoleClientId, consolePaths, consoleResource, consoleScope } from '../../domain/console.ts';
import { sameText, sha256 } from '../../domain/digest.ts';
import { TenantId } from '../../domain/ids.ts';
import { PageRefusal, TokenRefusal } from '../../domain/oauth-error.ts';
import type { Invited } from '../../flows/begin-authorization.ts';
import { readCode } from '../../domain/token-format.ts';
import { readForm, readParameters } from '../body.ts';
import { sendOn } from '../context.ts';
import type { Browser } from '../cookies.ts';
import { requireOurForm } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { pageRefusals, showStopped } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';
import { forgetSession, giveSession, sessionOf, signedIn } from './session.ts';

/** What forms of the bar are bound to besides the session. */
export const barForm = 'console';

/** A sign-in under way, and the workspace whose rules its browser asked for; null when it asked for none. */
interface Begun {
  readonly id: string;
  readonly workspace: TenantId | null;
}

/**
 * Bound to the browser that asked: nothing of a sign-in under way is stored, and none that another browser began is finished here. RFC 6749
 * §10.12. Where it leads is no address but the id of a workspace, so that it can only be a page of ours.
 */
function stateOf({ sealing }: ConsoleDependencies, { digest }: Browser, { id, workspace }: Begun): string {
  const said = `${id}.${workspace ?? ''}`;
  return `${said}.${sealing.mac('console-state', `${digest}.${said}`)}`;
}

/** What a state says, whoever made it. */
function begunBy(state: string): Begun {
  const [id = '', workspace] = state.split('.');
  return { id, workspace: TenantId.safeParse(workspace).data ?? null };
}

/** RFC 7636 §4.1: 43 characters that only this server can make again. */
const verifierOf = ({ sealing }: ConsoleDependencies, { digest }: Browser, state: string): string =>
  sealing.mac('console-verifier', `${digest}.${state}`);

/** An ordinary authorization, by the pages' own client, for the rules of a workspace or the front; by an invitation, whose place it is in. */
export async function beginSignIn(
  ctx: Context,
  dependencies: ConsoleDependencies,
  workspace: TenantId | null,
  invited?: Invited,
): Promise<void> {
  const { cookie, flows, entropy, limits, directory } = dependencies;
  limits.authorize(ctx);
  const browser = cookie.establish(ctx);
  const state = stateOf(dependencies, browser, { id: entropy.id(), workspace });
  const values = {
    response_type: 'code',
    client_id: consoleClientId,
    redirect_uri: consoleAddress(directory.issuer),
    code_challenge: sha256(verifierOf(dependencies, browser, state)),
    code_challenge_method: 'S256',
    resource: consoleResource(directory.issuer),
    scope: consoleScope,
    state,
  };
  sendOn(ctx, transactionPath(await flows.beginAuthorization({ values, repeated: new Set() }, browser.digest, invited)));
}

/** Here another sign-in is the way on, also for whom nobody can be asked about. */
const orSignInAgain = async (who: Promise<SignedIn | null>): Promise<SignedIn | null> =>
  who.catch((error: unknown) => {
    if (error instanceof PageRefusal && error.kind === 'unconfirmed') return null;
    throw error;
  });

async function front(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  if (ctx.method === 'HEAD') return void (ctx.status = 204);
  const who = await orSignInAgain(signedIn(ctx, dependencies));
  if (who === null) return beginSignIn(ctx, dependencies, null);
  return sendOn(ctx, consolePaths.rules(who.standing.tenant.id));
}

/** The browser that began the sign-in this answer belongs to. */
function browserOf(ctx: Context, dependencies: ConsoleDependencies, state: string): Browser {
  const browser = dependencies.cookie.read(ctx, '');
  const isOurs = browser !== null && sameText(state, stateOf(dependencies, browser, begunBy(state)));
  if (browser === null || !isOurs) throw new PageRefusal('other-browser', 'the answer belongs to a sign-in of another browser');
  return browser;
}

/** Where the code arrives: redeemed in this process, and what it stands for goes into a cookie. RFC 6749 §4.1.2, RFC 9207 §2.4. */
async function callback(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const { flows, directory, sealing, clock } = dependencies;
  const shownAt = clock.now();
  if (ctx.method === 'HEAD') throw new PageRefusal('malformed-request', 'HEAD');
  const { values, repeated } = readParameters(ctx.querystring);
  const { code, state = '', iss } = values;
  if (repeated.size > 0 || iss !== directory.issuer) throw new PageRefusal('malformed-request', 'not an answer of ours');
  const browser = browserOf(ctx, dependencies, state);
  const { workspace } = begunBy(state);
  const next = workspace === null ? consolePaths.front : consolePaths.rules(workspace);
  if (code === undefined)
    throw new PageRefusal('signed-out', `not signed in: ${values['error'] === 'access_denied' ? 'the person said no' : 'no code'}`);
  const grantId = readCode(code, sealing.mac);
  // Coming back to this address, as with the back button, is no replay by somebody else.
  if (grantId !== null && sessionOf(ctx, dependencies)?.grantId === grantId) return sendOn(ctx, next);
  if (grantId === null) throw new PageRefusal('malformed-request', 'not a code of ours');
  const client = await flows.authenticateClient({ client_id: consoleClientId, client_secret: null, basic: null });
  const asked = { client, code, code_verifier: verifierOf(dependencies, browser, state), shownAt };
  await flows.exchangeCode({ ...asked, redirect_uri: consoleAddress(directory.issuer), resource: consoleResource(directory.issuer) });
  giveSession(ctx, dependencies, { grantId, at: clock.now() });
  return sendOn(ctx, next);
}

async function redeemed(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  try {
    await callback(ctx, dependencies);
  } catch (error) {
    if (error instanceof TokenRefusal) throw new PageRefusal('signed-out', error.reason);
    throw error;
  }
}

async function signOut(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const { flows, directory, sealing } = dependencies;
  const session = sessionOf(ctx, dependencies);
  const form = await readForm(ctx);
  if (session !== null) {
    requireOurForm(ctx, { issuer: directory.issuer, sealing, browser: session.browser, transaction: barForm, form });
    await flows.leaveConsole(session.grantId);
  }
  forgetSession(ctx, dependencies);
  sendOn(ctx, consolePaths.signedOut);
}

/** A way back in. */
export const again = { button: { text: 'Sign in', href: consolePaths.front } } as const;

/** Says so, with a way back in: to the rules of the workspace where somebody was, or to the front. */
export function showSignedOut(ctx: Context, dependencies: ConsoleDependencies, reason: string, workspace: TenantId | null): void {
  const back = workspace === null ? again : { button: { text: 'Sign in', href: consolePaths.rules(workspace) } };
  showStopped(ctx, dependencies, new PageRefusal('signed-out', reason), back);
}

export const consoleSignInRoutes =
  (dependencies: ConsoleDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies, { 'signed-out': again });
    const inTime = patiently(dependencies.inTime(patience.person));
    router.get(consolePaths.front, pages, inTime, (ctx: Context) => front(ctx, dependencies));
    router.get(consolePaths.callback, pages, inTime, (ctx: Context) => redeemed(ctx, dependencies));
    router.post(consolePaths.signOut, pages, inTime, (ctx: Context) => signOut(ctx, dependencies));
    router.get(consolePaths.signedOut, pages, (ctx: Context) => {
      showSignedOut(ctx, dependencies, 'asked to be', null);
      ctx.status = 200;
    });
  };
