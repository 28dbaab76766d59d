import type { Context } from 'koa';
import { testOfState } from '../../domain/connection-test.ts';
import { findConnection } from '../../domain/directory.ts';
import type { ConnectionEntry } from '../../domain/directory.ts';
import { ConnectionId, TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { connectionTestStart } from '../../pages/connection-test-start.ts';
import { connectionTest } from '../../pages/connection-test.ts';
import { readForm, readParameters } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import type { Browser } from '../cookies.ts';
import { csrfToken, requireOurForm } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { pageRefusals, showPage } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import { logOf } from '../request-log.ts';

/** Where a printed link leads. */
export const connectionTestPath = (connectionId: string): string => `/connections/${connectionId}/test`;

/** The link of a ticket. */
export const connectionTestLink = (issuer: string, connectionId: string, ticket: string): string =>
  `${issuer}${connectionTestPath(connectionId)}?ticket=${ticket}`;

/** What a form of a test is bound to besides its browser. */
const formName = (connectionId: string): string => `test.${connectionId}`;

function addressed(ctx: Context, { directory }: HttpDependencies): { connection: ConnectionEntry; params: Record<string, string> } {
  const { params } = ctx as Context & { params: Record<string, string> };
  const id = ConnectionId.safeParse(params['connection']);
  const connection = id.success ? findConnection(directory, id.data) : null;
  if (connection === null) throw new PageRefusal('not-found', 'no such connection');
  return { connection, params };
}

/** A test belongs to the browser that pressed the button. */
function browserOf(ctx: Context, { cookie }: HttpDependencies, test: string): Browser {
  const browser = cookie.read(ctx, test);
  if (browser === null) throw new PageRefusal('other-browser', 'the browser has no cookie of ours');
  return browser;
}

/** Looking uses nothing up: a link is opened by mail filters and previews too. */
async function look(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { cookie, organisation, sealing, limits } = dependencies;
  limits.authorize(ctx);
  const { connection } = addressed(ctx, dependencies);
  const ticket = readParameters(ctx.querystring).values['ticket'] ?? '';
  const browser = cookie.establish(ctx);
  const csrf = csrfToken(sealing, browser, formName(connection.id));
  const action = connectionTestPath(connection.id);
  await Promise.resolve(showPage(ctx, 200, connectionTestStart({ organisation, connection: connection.name, action, ticket, csrf })));
}

async function begin(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { directory, sealing, flows, log } = dependencies;
  const { connection } = addressed(ctx, dependencies);
  const browser = browserOf(ctx, dependencies, '');
  const form = await readForm(ctx);
  requireOurForm(ctx, { issuer: directory.issuer, sealing, browser, transaction: formName(connection.id), form });
  const ticket = form.values['ticket'] ?? '';
  const { id, url } = await flows.beginConnectionTest({
    connectionId: connection.id,
    ticket,
    browser: browser.digest,
    log: logOf(ctx, log),
  });
  sendOn(ctx, url?.href ?? `${connectionTestPath(connection.id)}/${id}`);
}

/** An answer that comes back from the identity provider of a test. */
export async function takeTestAnswer(
  ctx: Context,
  { flows, cookie, log }: HttpDependencies,
  { connectionId, answer }: { connectionId: ConnectionId; answer: URLSearchParams },
): Promise<void> {
  // Without our cookie it is judged like one in another browser.
  const browser = cookie.read(ctx, testOfState(answer.get('state')) ?? '')?.digest ?? '';
  const fresh = cookie.renew();
  const id = await flows.completeConnectionTest({ connectionId, browser, renewal: fresh.digest, answer, log: logOf(ctx, log) });
  fresh.give(ctx, id);
  sendOn(ctx, `${connectionTestPath(connectionId)}/${id}`);
}

async function tell(ctx: Context, dependencies: HttpDependencies): Promise<void> {
  const { flows, organisation } = dependencies;
  const { connection, params } = addressed(ctx, dependencies);
  const id = TransactionId.safeParse(params['test']);
  if (!id.success) throw new PageRefusal('not-found', 'not a test');
  const { digest: browser } = browserOf(ctx, dependencies, id.data);
  const told = await flows.tellConnectionTest({ id: id.data, connectionId: connection.id, browser });
  showPage(ctx, 200, connectionTest({ organisation, connection: connection.name, ...told }));
}

export const connectionTestRoutes =
  (dependencies: HttpDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    const at = connectionTestPath(':connection');
    router.get(at, pages, inTime, (ctx: Context) => look(ctx, dependencies));
    router.post(at, pages, inTime, (ctx: Context) => begin(ctx, dependencies));
    router.get(`${at}/:test`, pages, inTime, (ctx: Context) => tell(ctx, dependencies));
  };
