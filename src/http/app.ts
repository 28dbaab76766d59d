import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import type { Middleware } from 'koa';
import { PageRefusal } from '../domain/oauth-error.ts';
import { front } from '../pages/front.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { LiveAuthority } from '../ports/live-authority.ts';
import type { Signer } from '../ports/signer.ts';
import { openAdministration } from './admin/app.ts';
import type { AdminDependencies } from './admin/app.ts';
import { accessRulesRoutes } from './console/access-rules.ts';
import { invitationRoutes } from './console/invitation.ts';
import { consoleSignInRoutes } from './console/sign-in.ts';
import { assetRoutes } from './assets.ts';
import type { Logo } from './assets.ts';
import type { HttpDependencies } from './context.ts';
import type { Route } from './endpoint.ts';
import type { ExactRoute, Exchange, Incoming } from './exchange.ts';
import { pathOf, sendJson } from './exchange.ts';
import { misdirected, openHostCheck, safeFields, safeHeaders } from './headers.ts';
import { callbackRoute } from './login/callback.ts';
import { connectionTestRoutes } from './login/connection-test.ts';
import { decisionRoutes } from './login/decisions.ts';
import { factorRoutes } from './login/factors.ts';
import { takeInvitationRoute } from './login/invitation.ts';
import { linkRoutes } from './login/links.ts';
import { questionRoutes } from './login/questions.ts';
import { transactionRoute } from './login/transaction-page.ts';
import { authorizeRoute } from './oauth/authorize.ts';
import { publishedDocuments } from './oauth/metadata.ts';
import { registerRoute } from './oauth/register.ts';
import { revokeRoute } from './oauth/revoke.ts';
import { tokenRoute } from './oauth/token.ts';
import { pageRefusals, showPage, showStopped } from './page-refusals.ts';
import { scimRoutes } from './scim/routes.ts';
import { signalRoutes } from './upstream/signals.ts';
import { scimPath } from '../flows/authenticate-scim.ts';
import { openPatience } from './patience.ts';
import type { Readiness } from './readiness.ts';

export type AdministrationParts = Pick<AdminDependencies, 'guard' | 'routes'>;

export interface AppDependencies extends Omit<HttpDependencies, 'inTime'> {
  readonly signer: Signer;
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  /** The guarded endpoints and their metadata; null for a request for another path. */
  readonly gateway: (exchange: Exchange, path: string) => Promise<void> | null;
  readonly administration: AdministrationParts;
  readonly authority: LiveAuthority;
  /** Gives each request an id and logs its end. */
  readonly begin: (req: IncomingMessage, res: ServerResponse) => Exchange;
  readonly logo: Logo | null;
  readonly readiness: () => Promise<Readiness>;
}

/** Whether the process runs, and whether requests should be sent to it. */
const healthRoutes = ({ readiness }: AppDependencies): ExactRoute[] => [
  ['/healthz', (exchange) => sendJson(exchange, 200, [], { status: 'ok' })],
  [
    '/readyz',
    async (exchange) => {
      const status = await readiness();
      sendJson(exchange, status === 'ready' ? 200 : 503, [], { status });
    },
  ],
];

const frontRoute =
  ({ organisation, directory }: HttpDependencies): Route =>
  (router) => {
    const resources = directory.resources.map(({ name, identifier }) => ({ name, mcpUrl: new URL(identifier) }));
    router.get('/', (ctx) => showPage(ctx, 200, front({ organisation, resources })));
  };

/** Nothing here: a page for people, JSON for programs, which go on probing after a 404. */
const nothingHere = (dependencies: HttpDependencies): Middleware => {
  return (ctx) => {
    if (ctx.status !== 404 || (ctx.body !== undefined && ctx.body !== null)) return;
    if (ctx.accepts('json', 'html') === 'html' && !ctx.path.startsWith('/.well-known/')) {
      showStopped(ctx, dependencies, new PageRefusal('not-found', 'no such path'));
      return;
    }
    ctx.status = 404;
    ctx.body = { error: 'not_found', error_description: 'There is nothing at this address.' };
  };
};

/** What programs ask for, each at its exact path. */
const programRoutes = (dependencies: HttpDependencies & Pick<AppDependencies, 'signer' | 'connectors'>): ExactRoute[] => [
  ...publishedDocuments(dependencies),
  ...(dependencies.directory.registration.dynamic ? [registerRoute(dependencies)] : []),
  tokenRoute(dependencies),
  revokeRoute(dependencies),
  ...signalRoutes(dependencies),
];

/** The administrators' pages, where there is an administration. */
function consoleRoutes(dependencies: HttpDependencies & Pick<AppDependencies, 'authority'>): Route[] {
  const { administration } = dependencies.directory;
  if (administration === undefined) return [];
  const parts = { ...dependencies, administration };
  return [consoleSignInRoutes(parts), invitationRoutes(parts), accessRulesRoutes(parts)];
}

/** What people see in a browser. */
function peopleApp(
  dependencies: HttpDependencies & Pick<AppDependencies, 'logo' | 'authority'>,
  isForUs: (incoming: Incoming) => boolean,
): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => dependencies.log.error('fault', { error }));
  const router = new Router();
  const routes: Route[] = [
    authorizeRoute(dependencies),
    transactionRoute(dependencies),
    decisionRoutes(dependencies),
    questionRoutes(dependencies),
    factorRoutes(dependencies),
    linkRoutes(dependencies),
    takeInvitationRoute(dependencies),
    callbackRoute(dependencies),
    connectionTestRoutes(dependencies),
    ...consoleRoutes(dependencies),
    assetRoutes(dependencies.logo),
    frontRoute(dependencies),
  ];
  for (const route of routes) route(router);
  app.use(safeHeaders(dependencies.directory.issuer.startsWith('https:')));
  app.use((ctx, next) => {
    if (isForUs(ctx)) return next();
    ctx.status = 421;
    ctx.body = misdirected;
    return undefined;
  });
  app.use(pageRefusals(dependencies));
  app.use(router.routes());
  app.use(nothingHere(dependencies));
  return app;
}

/** The whole server, top to bottom: the gateway, what programs ask for by an exact path, and the pages. */
export function httpApp(given: AppDependencies): RequestListener {
  const dependencies = { ...given, inTime: openPatience() };
  const { directory, begin, gateway } = dependencies;
  const isForUs = openHostCheck(directory.issuer);
  const administration = openAdministration({ ...dependencies, ...given.administration });
  // Balancers ask by address, so these answer under any name.
  const health = new Map(healthRoutes(given));
  const programs = new Map(programRoutes(dependencies));
  const provisioning = scimRoutes(dependencies);
  const fields = safeFields(directory.issuer.startsWith('https:'));
  const people = peopleApp(dependencies, isForUs).callback();

  function answer(exchange: Exchange): void | Promise<void> {
    const path = pathOf(exchange);
    const program = programs.get(path);
    if (program === undefined && !path.startsWith(scimPath))
      return gateway(exchange, path) ?? administration(exchange, path) ?? (health.get(path) ?? visit)(exchange);
    if (!isForUs(exchange)) return sendJson(exchange, 421, fields, misdirected);
    return program === undefined ? (provisioning(exchange, path) ?? visit(exchange)) : program(exchange);
  }

  const visit = ({ req, res }: Exchange) => people(req, res);

  return (req, res) => {
    const exchange = begin(req, res);
    const failed = (error: unknown): void => {
      exchange.log.error('fault', { error });
      sendJson(exchange, 500, fields, { error: 'server_error', error_description: 'Something went wrong on our side.' });
    };
    try {
      const answered = answer(exchange);
      if (answered instanceof Promise) answered.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
