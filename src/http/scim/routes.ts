import { scimPath } from '../../flows/authenticate-scim.ts';
import type { HttpDependencies } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { send } from '../exchange.ts';
import { safeFields } from '../headers.ts';
import { patience } from '../patience.ts';
import { scimRefusal, sendRefusal, sendScim } from './answers.ts';
import { openCallers } from './callers.ts';
import type { ScimAnswer } from './resources.ts';
import { serveScim } from './resources.ts';

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
  const callerOf = openCallers(flows.scim, limits);

  async function answer(exchange: Exchange, path: string): Promise<ScimAnswer> {
    const { address, kind, id } = partsOf(path);
    const ask = () => callerOf(exchange, address);
    return serve({ exchange, caller: await ask(), askAgain: ask, kind, id });
  }

  function tell(exchange: Exchange, { status, body }: ScimAnswer): void {
    if (body === null) return send(exchange, status, safe);
    const { location, version } = (body['meta'] ?? {}) as { readonly location?: string; readonly version?: string };
    const place = status === 201 && location !== undefined ? ['Location', location] : [];
    const fields = [...safe, ...place, ...(version === undefined ? [] : ['ETag', version])];
    return status === 304 ? send(exchange, status, fields) : sendScim(exchange, status, fields, body);
  }

  async function serveOne(exchange: Exchange, path: string): Promise<void> {
    try {
      tell(exchange, await waitFor(() => answer(exchange, path)));
    } catch (error) {
      sendRefusal(exchange, scimRefusal(exchange, error), safe);
    }
  }

  return (exchange, path) => (path.startsWith(scimPath) ? serveOne(exchange, path) : null);
}
