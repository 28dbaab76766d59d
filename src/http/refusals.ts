import { ZodError } from 'zod';
import { RegistrationRefusal, TokenRefusal } from '../domain/oauth-error.ts';
import type { TokenErrorCode } from '../domain/oauth-error.ts';
import { BodyRefused } from './body.ts';
import type { Exchange, Fields } from './exchange.ts';
import { pathOf } from './exchange.ts';
import { Overdue } from './patience.ts';
import { TooManyRequests } from './rate-limit.ts';

/** What the client is told, by code; the reason stays in the log. RFC 6749 §5.2. */
const descriptions: Readonly<Record<TokenErrorCode, string>> = {
  invalid_request: 'The request is malformed, repeats a parameter or lacks one.',
  invalid_client: 'Client authentication failed or the client is not known here; register again.',
  invalid_grant: 'The code or token is not valid any more or not yours; authorize again.',
  unauthorized_client: 'The client is not registered for this grant type.',
  unsupported_grant_type: 'This grant type is not supported.',
  invalid_scope: 'The scope is malformed or exceeds what was granted.',
  invalid_target: 'The resource is not one this grant was made for.',
};

/** What an endpoint for programs answers when it answers with an error. */
interface RefusalAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: { readonly error: string; readonly error_description: string };
}

const answered = (status: number, error: string, error_description: string, fields: Fields = []): RefusalAnswer => ({
  status,
  fields,
  body: { error, error_description },
});

const unavailable = answered(503, 'temporarily_unavailable', 'A part of this system is not answering. Try again shortly.', [
  'Retry-After',
  '5',
]);

function tokenRefusal({ error, challenge }: TokenRefusal): RefusalAnswer {
  // RFC 6749 §5.2: 401 with the scheme the client used; without Basic a plain 400 keeps browsers from prompting.
  const fields = challenge ? ['WWW-Authenticate', 'Basic realm="drawbridge", charset="UTF-8"'] : [];
  return answered(error === 'invalid_client' && challenge ? 401 : 400, error, descriptions[error], fields);
}

/** Turns whatever an endpoint for programs threw into the answer its specification has for it. */
export function refusalAnswer(exchange: Exchange, error: unknown, invalid: 'invalid_request' | 'invalid_client_metadata'): RefusalAnswer {
  const { log } = exchange;
  const route = pathOf(exchange);
  if (error instanceof TokenRefusal) {
    log.info('token.refused', { route, reason: `${error.error}: ${error.reason}` });
    return tokenRefusal(error);
  }
  if (error instanceof RegistrationRefusal) {
    log.info('registration.refused', { route, reason: `${error.error}: ${error.description}` });
    return answered(400, error.error, error.description);
  }
  if (error instanceof BodyRefused || error instanceof ZodError) {
    log.info('request.refused', { route, reason: error instanceof BodyRefused ? error.reason : 'the body has the wrong shape' });
    return answered(error instanceof BodyRefused && error.status === 413 ? 413 : 400, invalid, descriptions.invalid_request);
  }
  if (error instanceof TooManyRequests) {
    log.warn('request.limited', { route });
    const wait = ['Retry-After', String(error.retryAfter)];
    return answered(429, 'temporarily_unavailable', 'Too many requests. Wait and try again.', wait);
  }
  if (error instanceof Overdue) {
    log.error('request.overdue', { route, error, reason: error.message });
    return unavailable;
  }
  if (error instanceof Error && error.name === 'UpstreamUnanswered') {
    log.warn('upstream.silent', { route, reason: error.message });
    return unavailable;
  }
  if (error instanceof Error && error.name === 'StoreUnavailable') {
    log.error('store.unavailable', { route, error });
    return unavailable;
  }
  log.error('fault', { route, error });
  return answered(500, 'server_error', 'Something went wrong on our side.');
}
