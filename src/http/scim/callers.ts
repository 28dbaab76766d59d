import { secretDigest } from '../../domain/digest.ts';
import { Secret } from '../../domain/secret.ts';
import type { ScimCaller } from '../../flows/steps/scim-caller.ts';
import type { Exchange } from '../exchange.ts';
import { valuesOf } from '../headers.ts';
import type { RateLimits } from '../rate-limit.ts';
import { ScimUnauthorized } from './answers.ts';
import type { ScimFlows } from './flows.ts';

/** `Bearer` and a token, once. RFC 6750 §2.1. */
function tokenOf(exchange: Exchange): Secret<'scim_token'> | null {
  const [given = '', ...more] = valuesOf(exchange, 'authorization');
  const token = /^Bearer +([\w.~+/-]{1,200}=*)$/i.exec(given)?.[1];
  return token === undefined || more.length > 0 ? null : new Secret(token);
}

/** Tells for which connection a request speaks, by its token at this moment; throws where nobody has proven it, and for an address that guesses too often. */
export function openCallers(
  { authenticateScim }: Pick<ScimFlows, 'authenticateScim'>,
  limits: Pick<RateLimits, 'scim' | 'scimFailed'>,
): (exchange: Exchange, address: string) => Promise<ScimCaller> {
  // Good when they were shown last: whoever guesses from the same address, which at a provider is everybody's, shuts none of them out.
  const good = new Set<string>();
  return async (exchange, address) => {
    const token = tokenOf(exchange);
    const shown = token === null ? '' : `${secretDigest(token)} ${address}`;
    if (!good.has(shown)) limits.scim(exchange);
    const caller = token === null ? null : await authenticateScim(address, token);
    if (caller !== null) {
      good.add(shown);
      return caller;
    }
    good.delete(shown);
    limits.scimFailed(exchange);
    throw new ScimUnauthorized('no token of this connection');
  };
}
