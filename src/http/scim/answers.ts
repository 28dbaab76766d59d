import { errorDocument } from '../../domain/scim-documents.ts';
import { ScimRefusal } from '../../domain/scim-refusal.ts';
import { BodyRefused } from '../body.ts';
import type { Exchange, Fields } from '../exchange.ts';
import { pathOf, send } from '../exchange.ts';
import { Overdue } from '../patience.ts';
import { TooManyRequests } from '../rate-limit.ts';

/** Nobody has proven for which connection they speak. RFC 6750 §3. */
export class ScimUnauthorized extends Error {
  override readonly name = 'ScimUnauthorized';
}

const json = ['Content-Type', 'application/scim+json; charset=utf-8'];

export function sendScim(exchange: Exchange, status: number, fields: Fields, body: unknown): void {
  send(exchange, status, [...fields, ...json], JSON.stringify(body));
}

interface Refused {
  readonly refusal: ScimRefusal;
  readonly fields: Fields;
}

const plainly = (status: number, detail: string, fields: Fields = []): Refused => ({
  refusal: new ScimRefusal(status, null, detail),
  fields,
});

function bodyRefused({ status, reason }: BodyRefused): Refused {
  if (status === 400) return { refusal: new ScimRefusal(400, 'invalidSyntax', `It cannot be read: ${reason}.`), fields: [] };
  return plainly(status, `It cannot be read: ${reason}.`);
}

/** Whatever an endpoint threw as its answer. RFC 7644 §3.12. */
export function scimRefusal(exchange: Exchange, error: unknown): Refused {
  const { log } = exchange;
  const route = pathOf(exchange);
  if (error instanceof ScimUnauthorized) {
    log.warn('scim.refused', { route, reason: 'no token of this connection' });
    return plainly(401, 'Send the token of this connection as a bearer token.', ['WWW-Authenticate', 'Bearer realm="drawbridge"']);
  }
  if (error instanceof ScimRefusal || error instanceof BodyRefused) {
    log.info('scim.refused', { route, reason: error.message });
    return error instanceof ScimRefusal ? { refusal: error, fields: [] } : bodyRefused(error);
  }
  if (error instanceof TooManyRequests) {
    log.warn('request.limited', { route });
    return plainly(429, 'Too many requests. Wait and try again.', ['Retry-After', String(error.retryAfter)]);
  }
  if (error instanceof Overdue || (error instanceof Error && error.name === 'StoreUnavailable')) {
    log.error('scim.undone', { route, error });
    return plainly(503, 'A part of this system is not answering. Try again shortly.', ['Retry-After', '5']);
  }
  log.error('fault', { route, error });
  return plainly(500, 'Something went wrong on our side.');
}

export const sendRefusal = (exchange: Exchange, { refusal, fields }: Refused, safe: Fields): void =>
  sendScim(exchange, refusal.status, [...safe, ...fields], errorDocument(refusal));
