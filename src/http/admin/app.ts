import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Caller } from '../../domain/access-decision.ts';
import { administrationPath, administrationScopes, mayAdminister } from '../../domain/administration.ts';
import { findTenant } from '../../domain/directory.ts';
import type { Administration } from '../../domain/directory.ts';
import { TenantId } from '../../domain/ids.ts';
import type { Resource } from '../../domain/resource.ts';
import { readJsonBody, readParameters } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import type { Exchange, Fields } from '../exchange.ts';
import { pathOf, send } from '../exchange.ts';
import { openHostCheck, safeFields, valuesOf } from '../headers.ts';
import { patience } from '../patience.ts';
import { givesNothing, takesBody } from './contract.ts';
import type { AdminContract, AdminRequest, AdminRoute, Download, Raw } from './contract.ts';
import { matching } from './match.ts';
import type { Match } from './match.ts';
import { ProblemRefused, ScopeMissing, forbidden, notFound, problemBody, problemOf } from './problems.ts';

/** Who asks, by their token; throws where nobody may. */
export type Guard = (req: IncomingMessage, resource: Resource) => Promise<{ readonly caller: Caller }>;

export interface AdminDependencies extends Pick<HttpDependencies, 'directory' | 'inTime'> {
  readonly guard: Guard;
  readonly routes: readonly AdminRoute[];
}

const longestBody = 1 << 20;

const methodOf = ({ req }: Exchange): string => (req.method === 'HEAD' ? 'get' : (req.method ?? '').toLowerCase());

/** The route for this method, provided there is anything at this path. */
function routeFor(found: readonly Match[], exchange: Exchange): Match {
  const match = found.find(({ route }) => route.contract.method === methodOf(exchange));
  if (match !== undefined) return match;
  if (found.length === 0) throw notFound();
  const allowed = found.map(({ route }) => route.contract.method.toUpperCase()).join(', ');
  throw new ProblemRefused(405, `Use ${allowed}.`, ['Allow', allowed]);
}

/** Scope first, since it says nothing about what there is; then the tenant, which for others is not there; then what the roles allow. */
function authorize(caller: Caller, { route, path }: Match, { directory }: AdminDependencies, administration: Administration): void {
  const { contract } = route;
  const scope = contract.method === 'get' ? administrationScopes.read : administrationScopes.write;
  if (!caller.standing.permissions.includes('drawbridge:read')) throw forbidden();
  if (!caller.scope.includes(scope)) throw new ScopeMissing(scope);
  const tenantId = path['tenant'] === undefined ? null : TenantId.safeParse(path['tenant']).data;
  if (tenantId === undefined || (tenantId !== null && findTenant(directory, tenantId) === null)) throw notFound();
  const verdict = mayAdminister(caller.standing, tenantId, contract.permission, administration);
  if (verdict !== 'allowed') throw verdict === 'unknown' ? notFound() : forbidden();
}

function queryOf({ req }: Exchange): Raw['query'] {
  const { values, repeated } = readParameters((req.url ?? '').split('?').slice(1).join('?'));
  if (repeated.size > 0) throw new ProblemRefused(400, 'A parameter came more than once.');
  return values;
}

async function bodyOf(exchange: Exchange, contract: AdminContract): Promise<unknown> {
  const { headers } = exchange.req;
  if (takesBody(contract)) return readJsonBody(exchange, longestBody);
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined)
    throw new ProblemRefused(400, 'This takes no body.', ['Connection', 'close']);
  return undefined;
}

/** One version, as we hand them out. RFC 9110 §13.1.1. */
function ifMatchOf(exchange: Exchange): number | null {
  const values = valuesOf(exchange, 'if-match');
  if (values.length === 0 || values[0] === '*') return null;
  const version = /^"(\d{1,15})"$/.exec(values[0] ?? '')?.[1];
  if (version === undefined || values.length > 1) throw new ProblemRefused(400, 'If-Match must be one version, as an ETag said it.');
  return Number(version);
}

function etagOf({ version }: AdminContract, json: unknown): Fields {
  const value = version === undefined ? undefined : (json as Readonly<Record<string, unknown>>)[version];
  return typeof value === 'number' ? ['ETag', `"${value}"`] : [];
}

async function sendFile({ res }: Exchange, fields: Fields, { type, name, chunks }: Download): Promise<void> {
  res.writeHead(200, [...fields, 'Content-Type', type, 'Content-Disposition', `attachment; filename="${name}"`]);
  // Whoever leaves, or may not read on, gets a file that breaks off.
  await pipeline(Readable.from(chunks), res).catch(() => undefined);
}

/** The Admin API, at and below its own path; null for a request for another one. */
export function openAdministration(dependencies: AdminDependencies): (exchange: Exchange, path: string) => Promise<void> | null {
  const { directory, guard, routes, inTime } = dependencies;
  const { administration } = directory;
  if (administration === undefined) return () => null;
  const { resource } = administration;
  const matches = matching(routes);
  const waitFor = inTime(patience.program);
  const isForUs = openHostCheck(directory.issuer);
  const fields = safeFields(directory.issuer.startsWith('https:'));

  async function serve(exchange: Exchange, path: string): Promise<void> {
    if (!isForUs(exchange)) throw new ProblemRefused(421, 'This server answers under its own address only.');
    const { caller } = await guard(exchange.req, resource);
    const match = routeFor(matches(path), exchange);
    const { contract, answer } = match.route;
    authorize(caller, match, dependencies, administration as Administration);
    const raw = { path: match.path, query: queryOf(exchange), body: await bodyOf(exchange, contract) };
    const askAgain = async () => {
      const { caller: now } = await guard(exchange.req, resource);
      authorize(now, match, dependencies, administration as Administration);
      return now.standing;
    };
    // Whoever takes their time with the body goes by what they may do once it is there.
    const standing = takesBody(contract) ? await askAgain() : caller.standing;
    const request: AdminRequest = { standing, ifMatch: ifMatchOf(exchange), exchange, askAgain };
    const answered = await waitFor(() => answer(raw, request));
    if ('file' in answered) return sendFile(exchange, fields, answered.file);
    if (givesNothing(contract)) return send(exchange, 204, fields);
    const type = ['Content-Type', 'application/json; charset=utf-8'];
    return send(exchange, 200, [...fields, ...type, ...etagOf(contract, answered.json)], JSON.stringify(answered.json));
  }

  async function answerWhole(exchange: Exchange, path: string): Promise<void> {
    try {
      await serve(exchange, path);
    } catch (error) {
      const problem = problemOf(exchange, resource, routeName(matches(path), exchange), error);
      const type = ['Content-Type', 'application/problem+json'];
      send(exchange, problem.status, [...fields, ...type, ...problem.fields], JSON.stringify(problemBody(problem, exchange.requestId)));
    }
  }

  return (exchange, path) =>
    path === administrationPath || path.startsWith(`${administrationPath}/`) ? answerWhole(exchange, path) : null;
}

/** What a line calls the route: never with the ids that stand in its path. */
function routeName(found: readonly Match[], exchange: Exchange): string {
  return found[0]?.route.contract.path ?? (pathOf(exchange) === administrationPath ? administrationPath : `${administrationPath}/…`);
}
