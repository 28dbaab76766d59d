import { Agent } from 'undici';
import { BearerRefused } from '../domain/bearer.ts';
import type { RpcId } from '../domain/json-rpc.ts';
import { RpcCode, RpcRefused } from '../domain/json-rpc.ts';
import { checkVersionHeader, readMcpHeaders, settleEra } from '../domain/mcp-headers.ts';
import { MODERN_VERSIONS } from '../domain/mcp-methods.ts';
import type { Resource } from '../domain/resource.ts';
import type { Exchange as Arrival } from '../http/exchange.ts';
import type { Log } from '../ports/log.ts';
import { answer, answerRefusal, HttpRefused } from './answers.ts';
import { assertions } from './assertions.ts';
import { readBody } from './body.ts';
import { checkOrigin, preflightHeaders } from './cors.ts';
import { defaultLimits } from './dependencies.ts';
import type { GatewayDependencies, GatewayLimits, IncomingMessage, ServerResponse } from './dependencies.ts';
import { openGuard } from './guard.ts';
import type { Admission } from './guard.ts';
import { openJudge } from './judge.ts';
import type { StillAllowed } from './judge.ts';
import { openLeases } from './leases.ts';
import { metadataHandler } from './metadata.ts';
import { outboundRequest } from './outbound.ts';
import type { Judged } from './outbound.ts';
import { Relay } from './relay.ts';
import { sessionIds } from './sessions.ts';

const METHODS = 'GET, POST, DELETE, OPTIONS';

/** One exchange as far as it has come; `id` is filled in once a message has been read, so that a late refusal can carry it. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly resource: Resource;
  readonly log: Log;
  id: RpcId | null;
}

/**
 * The resource-server side: metadata and guarded endpoint of every resource, at exactly the paths their identifiers name; null for a
 * request for any other path. RFC 9728, RFC 6750; MCP 2025-03-26 to 2026-07-28 transports.
 */
export function gatewayRoutes(deps: GatewayDependencies): (arrival: Arrival, path: string) => Promise<void> | null {
  const limits: GatewayLimits = { ...defaultLimits, ...deps.limits };
  const places = whileSame(
    () => deps.directory.addresses,
    (addresses) => {
      const resources = [...addresses.values()];
      const proxied = resources.filter(({ isOwn }) => isOwn !== true);
      const endpoints = new Map(proxied.map((resource) => [new URL(resource.identifier).pathname, resource]));
      return { endpoints, serveMetadata: metadataHandler(resources, deps.issuer) };
    },
  );
  const checked = checkOrigin(deps);
  const guard = openGuard(deps, limits);
  const judge = judging(deps, limits);
  const forward = forwarding(deps, limits);

  async function serve(exchange: Exchange): Promise<void> {
    const { req, res, resource } = exchange;
    checked(req, res);
    if (req.method === 'OPTIONS') return answer(res, 204, preflightHeaders(req, METHODS), '');
    const { method } = req;
    if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') throw new HttpRefused(405, 'Use POST.', { Allow: METHODS });
    const admission = await guard(req, resource);
    const [judged, still] = await judge(exchange, method, admission);
    return forward(exchange, judged, admission, still);
  }

  async function answerWhole(exchange: Exchange): Promise<void> {
    try {
      await serve(exchange);
    } catch (error) {
      answerRefusal(exchange.res, exchange.resource, error, exchange.id, exchange.log);
    }
  }

  return ({ req, res, log }, path) => {
    const { endpoints, serveMetadata } = places();
    const resource = endpoints.get(path);
    if (resource !== undefined) return answerWhole({ req, res, resource, log, id: null });
    return serveMetadata(req, res, path) ? Promise.resolve() : null;
  };
}

/** Works something out anew only when what it comes from is another. */
function whileSame<From, Made>(from: () => From, make: (from: From) => Made): () => Made {
  let last: { readonly from: From; readonly made: Made } | null = null;
  return () => {
    const now = from();
    if (last?.from !== now) last = { from: now, made: make(now) };
    return last.made;
  };
}

function judging(deps: GatewayDependencies, limits: GatewayLimits) {
  const judge = openJudge(deps);
  const sessions = sessionIds(deps.mac);

  /** GET and DELETE belong to the sessions of older versions. MCP 2026-07-28 transports, "Earlier Streamable HTTP Revisions". */
  function withoutBody({ req, resource }: Exchange, method: 'GET' | 'DELETE', { caller }: Admission): Judged {
    const mcp = readMcpHeaders(req.rawHeaders);
    checkVersionHeader(mcp, null);
    if (mcp.version !== null && MODERN_VERSIONS.includes(mcp.version)) {
      throw new HttpRefused(405, 'This protocol version has neither GET nor DELETE.', { Allow: 'POST, OPTIONS' });
    }
    return { method, era: 'legacy', message: null, mcp, session: sessionOf(mcp.session, resource, caller, null), caller };
  }

  function sessionOf(presented: string | null, resource: Resource, caller: Judged['caller'], id: RpcId | null): string | null {
    if (presented === null) return null;
    const session = sessions.unwrap(resource, caller.standing.grantId, presented);
    if (session === null) throw new RpcRefused(404, RpcCode.sessionNotFound, id, 'Session not found.');
    return session;
  }

  return async (exchange: Exchange, method: Judged['method'], admission: Admission): Promise<readonly [Judged, StillAllowed]> => {
    const { req, resource } = exchange;
    const { caller } = admission;
    if (method !== 'POST') return [withoutBody(exchange, method, admission), () => true];
    const message = await readBody(req, limits.requestBytes);
    exchange.id = message.kind === 'request' ? message.id : null;
    const mcp = readMcpHeaders(req.rawHeaders);
    const era = settleEra(mcp, message);
    const session = era === 'legacy' ? sessionOf(mcp.session, resource, caller, exchange.id) : null;
    const { ownership, still } = await judge({ message, era, caller, session, log: exchange.log });
    return [{ method, era, message, mcp, session, caller, ownership }, still];
  };
}

function forwarding(deps: GatewayDependencies, limits: GatewayLimits) {
  const dispatcher = deps.dispatcher ?? new Agent();
  const assertion = assertions(deps);
  const leases = openLeases(deps, limits);
  const sessions = sessionIds(deps.mac);

  return async ({ req, res, log }: Exchange, judged: Judged, admission: Admission, still: StillAllowed): Promise<void> => {
    const signed = await assertion(judged.caller, judged.ownership);
    if (res.destroyed) return;
    const relay = new Relay({ limits, sessions, log }, judged, res);
    const release = leases.hold({
      grantId: judged.caller.standing.grantId,
      until: admission.until,
      allows(standing) {
        const caller = admission.renew(standing);
        return caller !== null && still(caller);
      },
      end: () => relay.refuse(new BearerRefused('invalid_token', 'access ended while the request was under way')),
    });
    const id = judged.message?.kind === 'request' ? judged.message.id : null;
    if (release === null) throw new RpcRefused(429, RpcCode.busy, id, 'Too many requests are open at the same time.');
    const letGo = deps.stopping?.hold(relay);
    res.once('close', () => {
      letGo?.();
      release();
      relay.abandon();
    });
    dispatcher.dispatch(outboundRequest(judged, req, signed, limits), relay);
  };
}
