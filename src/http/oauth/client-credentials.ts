import { TokenRefusal } from '../../domain/oauth-error.ts';
import { Secret } from '../../domain/secret.ts';
import type { ClientCredentials } from '../../flows/steps/authenticate-client.ts';
import type { Incoming } from '../exchange.ts';
import { valuesOf } from '../headers.ts';

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TokenRefusal('invalid_client', 'Basic credentials are not form-encoded', { challenge: true });
  }
}

/** RFC 6749 §2.3.1, RFC 7617 §2: each half is form-encoded; our own identifiers and secrets read the same either way. */
function readBasic(incoming: Incoming): ClientCredentials['basic'] {
  const headers = valuesOf(incoming, 'authorization');
  const [header] = headers;
  if (header === undefined) return null;
  if (headers.length > 1) throw new TokenRefusal('invalid_request', 'more than one Authorization header');
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) throw new TokenRefusal('invalid_client', 'the Authorization header is not Basic credentials', { challenge: true });
  return { client_id: formDecoded(decoded.slice(0, colon)), client_secret: new Secret(formDecoded(decoded.slice(colon + 1))) };
}

/** How the client shows who it is. RFC 6749 §2.3. */
export function readClientCredentials(
  incoming: Incoming,
  fields: { client_id?: string | undefined; client_secret?: string | undefined; client_assertion?: string | undefined },
): ClientCredentials {
  const basic = readBasic(incoming);
  // RFC 7521 §4.2: nobody is registered for this, and leaving it unread would take a client for less than it claims to be.
  if (fields.client_assertion !== undefined) {
    const alone = basic === null && fields.client_secret === undefined;
    throw new TokenRefusal(alone ? 'invalid_client' : 'invalid_request', 'a client assertion');
  }
  const client_secret = fields.client_secret === undefined ? null : new Secret<'client_secret'>(fields.client_secret);
  return { client_id: fields.client_id ?? null, client_secret, basic };
}
