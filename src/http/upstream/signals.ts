import { z } from 'zod';
import type { Directory } from '../../domain/directory.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { AnyConnector, LoginRefused } from '../../ports/connector.ts';
import { BodyRefused, readForm, readJsonBody } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute, Exchange } from '../exchange.ts';
import { pathOf, send, sendJson } from '../exchange.ts';
import { safeFields, valuesOf } from '../headers.ts';
import { patience } from '../patience.ts';
import { TooManyRequests } from '../rate-limit.ts';

/** Where an upstream tells of a sign-out: one address per connection, so that one company's word is nothing to another's people. */
export const backChannelLogoutPath = (connectionId: string): string => `/backchannel-logout/${connectionId}`;
export const revocationPath = (connectionId: string): string => `/global-token-revocation/${connectionId}`;

interface SignalDependencies extends HttpDependencies {
  readonly directory: Directory;
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
}

interface Signal {
  /** What is answered to a token that is not the upstream's. */
  readonly untrusted: 400 | 401;
  /** Gives the status. */
  read(exchange: Exchange): Promise<number>;
}

/** draft-parecki-oauth-global-token-revocation §3.2, RFC 9493 §3.2.4: people are named by issuer and subject; an e-mail address names nobody. */
const RevocationRequest = z.object({ sub_id: z.object({ format: z.literal('iss_sub'), iss: z.string(), sub: z.string().max(255) }) });

const isLoginRefused = (error: unknown): error is LoginRefused => error instanceof Error && error.name === 'LoginRefused';

function refused(exchange: Exchange, error: unknown, untrusted: 400 | 401): readonly [status: number, error: string] {
  const { log } = exchange;
  const route = pathOf(exchange);
  if (isLoginRefused(error) && error.refusal !== 'unreachable') {
    log.warn('signal.refused', { route, reason: error.reason });
    return [untrusted, untrusted === 401 ? 'invalid_token' : 'invalid_request'];
  }
  if (error instanceof BodyRefused || error instanceof z.ZodError) {
    log.warn('signal.refused', { route, reason: error instanceof BodyRefused ? error.reason : 'the body has the wrong shape' });
    return [400, 'invalid_request'];
  }
  if (error instanceof TooManyRequests) {
    log.warn('request.limited', { route });
    return [429, 'temporarily_unavailable'];
  }
  // Whoever sent it sends it again, which is what is wanted.
  log.error('signal.undone', { route, error, ...(isLoginRefused(error) ? { reason: error.reason } : {}) });
  return [503, 'temporarily_unavailable'];
}

/** An address only an upstream posts to, with its limit and deadline. */
function signalRoute(path: string, { untrusted, read }: Signal, { directory, inTime, limits }: SignalDependencies): ExactRoute {
  const waitFor = inTime(patience.program);
  const fields = safeFields(directory.issuer.startsWith('https:'));
  return [
    path,
    async (exchange) => {
      if (exchange.req.method !== 'POST') return sendJson(exchange, 405, [...fields, 'Allow', 'POST'], { error: 'invalid_request' });
      try {
        limits.token(exchange);
        return send(exchange, await waitFor(() => read(exchange)), fields);
      } catch (error) {
        const [status, word] = refused(exchange, error, untrusted);
        if (status < 429) limits.tokenFailed(exchange);
        return sendJson(exchange, status, status < 429 ? fields : [...fields, 'Retry-After', '5'], { error: word });
      }
    },
  ];
}

/** OpenID Connect Back-Channel Logout §2.5, §2.8. */
function backChannelLogout({ flows }: SignalDependencies, { id, readLogoutToken }: AnyConnector): Signal | null {
  if (readLogoutToken === undefined) return null;
  return {
    untrusted: 400,
    read: async (exchange) => {
      const { values } = await readForm(exchange);
      const signOut = await readLogoutToken(values['logout_token'] ?? '');
      await flows.endUpstreamSession({ ...signOut, connectionId: id, log: exchange.log });
      return 200;
    },
  };
}

/** What Okta calls Universal Logout. A bearer that is not its own gets 401, as RFC 6750 §3.1 has it. */
function tokenRevocation({ directory, flows, entropy }: SignalDependencies, { id, readRevocationToken }: AnyConnector): Signal | null {
  if (readRevocationToken === undefined) return null;
  const audience = `${directory.issuer}${revocationPath(id)}`;
  return {
    untrusted: 401,
    read: async (exchange) => {
      const [given = ''] = valuesOf(exchange, 'authorization');
      const { issuer } = await readRevocationToken(given.replace(/^Bearer /i, ''), audience);
      const { sub_id } = RevocationRequest.parse(await readJsonBody(exchange, 65_536));
      if (sub_id.iss !== issuer) throw new BodyRefused(400, 'the person is of another issuer');
      await flows.endUpstreamSession({ connectionId: id, issuer, subject: sub_id.sub, sid: null, jti: entropy.id(), log: exchange.log });
      return 204;
    },
  };
}

export function signalRoutes(dependencies: SignalDependencies): ExactRoute[] {
  return [...dependencies.connectors.values()].flatMap((connector) => {
    const logout = backChannelLogout(dependencies, connector);
    const revocation = tokenRevocation(dependencies, connector);
    return [
      ...(logout === null ? [] : [signalRoute(backChannelLogoutPath(connector.id), logout, dependencies)]),
      ...(revocation === null ? [] : [signalRoute(revocationPath(connector.id), revocation, dependencies)]),
    ];
  });
}
