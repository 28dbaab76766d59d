import Router from '@koa/router';
import Koa from 'koa';
import type { Middleware } from 'koa';
import { PageRefusal } from '../domain/oauth-error.ts';
import { front } from '../pages/front.ts';
import type { Signer } from '../ports/signer.ts';
import { assetRoutes } from './assets.ts';
import type { Logo } from './assets.ts';
import type { HttpDependencies } from './context.ts';
import { exactly } from './endpoint.ts';
import type { ExactRoute, Route } from './endpoint.ts';
import { onlyOurHost, safeHeaders } from './headers.ts';
import { callbackRoute } from './login/callback.ts';
import { decisionRoutes } from './login/decisions.ts';
import { questionRoutes } from './login/questions.ts';
import { transactionRoute } from './login/transaction-page.ts';
import { authorizeRoute } from './oauth/authorize.ts';
import { publishedDocuments } from './oauth/metadata.ts';
import { registerRoute } from './oauth/register.ts';
import { revokeRoute } from './oauth/revoke.ts';
import { tokenRoute } from './oauth/token.ts';
import { pageRefusals, showPage, showStopped } from './page-refusals.ts';
import { openPatience } from './patience.ts';
import type { Readiness } from './readiness.ts';

export interface AppDependencies extends Omit<HttpDependencies, 'inTime'> {
  readonly signer: Signer;
  /** The guarded endpoints and their metadata; requests for other paths go on. */
  readonly gateway: Middleware;
  /** Gives each request an id and logs its end. */
  readonly requestLog: Middleware;
  readonly logo: Logo | null;
  readonly readiness: () => Promise<Readiness>;
}

/** Whether the process runs, and whether requests should be sent to it. */
const healthRoutes = ({ readiness }: AppDependencies): ExactRoute[] => [
  [
    '/healthz',
    (ctx) => {
      ctx.body = { status: 'ok' };
    },
  ],
  [
    '/readyz',
    async (ctx) => {
      const status = await readiness();
      ctx.status = status === 'ready' ? 200 : 503;
      ctx.body = { status };
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

/** The whole server, top to bottom. */
export function httpApp(given: AppDependencies): Koa {
  const dependencies = { ...given, inTime: openPatience() };
  const { directory, log } = dependencies;
  const app = new Koa();
  app.on('error', (error: unknown) => log.error('fault', { error }));
  const programs: ExactRoute[] = [
    ...publishedDocuments(dependencies),
    ...(directory.registration.dynamic ? [registerRoute(dependencies)] : []),
    tokenRoute(dependencies),
    revokeRoute(dependencies),
  ];
  const router = new Router();
  const people: Route[] = [
    authorizeRoute(dependencies),
    transactionRoute(dependencies),
    decisionRoutes(dependencies),
    questionRoutes(dependencies),
    callbackRoute(dependencies),
    assetRoutes(dependencies.logo),
    frontRoute(dependencies),
  ];
  for (const route of people) route(router);
  app.use(dependencies.requestLog);
  app.use(dependencies.gateway);
  // Balancers ask by address, so these answer under any name.
  app.use(exactly(healthRoutes(given)));
  app.use(safeHeaders(directory.issuer.startsWith('https:')));
  app.use(onlyOurHost(directory.issuer));
  app.use(exactly(programs));
  app.use(pageRefusals(dependencies));
  app.use(router.routes());
  app.use(nothingHere(dependencies));
  return app;
}
