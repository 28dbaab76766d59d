import { Secret } from '../../domain/secret.ts';
import { scimPath } from '../../flows/authenticate-scim.ts';
import type { HttpDependencies } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { send } from '../exchange.ts';
import { safeFields, valuesOf } from '../headers.ts';
import { patience } from '../patience.ts';
import { scimRefusal, ScimUnauthorized, sendRefusal, sendScim } from './answers.ts';
import type { ScimAnswer } from './resources.ts';
import { serveScim } from './resources.ts';

/** `Bearer` and a token, once. RFC 6750 §2.1. */
function tokenOf(exchange: Exchange): Secret<'scim_token'> | null {
  const [given = '', ...more] = valuesOf(exchange, 'authorization');
  const token = /^Bearer +([\w.~+/-]{1,200}=*)$/i.exec(given)?.[1];
  return token === undefined || more.length > 0 ? null : new Secret(token);
}

/** `{connection}/{kind}/{id}` as it was sent; what is longer names nothing. */
function partsOf(path: string): { readonly address: string; readonly kind: string; readonly id: string | null } {
  const [address = '', kind = '', id = null, ...more] = path.slice(scimPath.length).replace(/\/$/, '').split('/');
  return { address, kind: more.length === 0 ? kind : '', id };
}

/**
 * Where identity providers provision; null for a request for any other path, and for every one where no connection is provisioned. Who has
 * not proven for which connection they speak is told nothing, not even whether there is such a connection.
 */
export function scimRoutes(dependencies: HttpDependencies): (exchange: Exchange, path: string) => Promise<void> | null {
  const { directory, flows, limits, inTime } = dependencies;
  if (directory.connections.every(({ provisioning }) => provisioning === undefined)) return () => null;
  const waitFor = inTime(patience.program);
  const safe = safeFields(directory.issuer.startsWith('https:'));
  const serve = serveScim(flows.scim);

  async function answer(exchange: Exchange, path: string): Promise<ScimAnswer> {
    const { address, kind, id } = partsOf(path);
    const token = tokenOf(exchange);
    const caller = token === null ? null : await flows.scim.authenticateScim(address, token);
    if (caller === null) throw new ScimUnauthorized('no token of this connection');
    return serve({ exchange, caller, kind, id });
  }

  function tell(exchange: Exchange, { status, body }: ScimAnswer): void {
    if (body === null) return send(exchange, status, safe);
    const { location } = (body['meta'] ?? {}) as { readonly location?: string };
    return sendScim(exchange, status, status === 201 && location !== undefined ? [...safe, 'Location', location] : safe, body);
  }

  async function serveOne(exchange: Exchange, path: string): Promise<void> {
    try {
      limits.token(exchange);
      tell(exchange, await waitFor(() => answer(exchange, path)));
    } catch (error) {
      if (error instanceof ScimUnauthorized) limits.tokenFailed(exchange);
      sendRefusal(exchange, scimRefusal(exchange, error), safe);
    }
  }

  return (exchange, path) => (path.startsWith(scimPath) ? serveOne(exchange, path) : null);
}
