import type { Context } from 'koa';
import { ZodError } from 'zod';
import { RegistrationRefusal, TokenRefusal } from '../domain/oauth-error.ts';
import type { TokenErrorCode } from '../domain/oauth-error.ts';
import type { Log } from '../ports/log.ts';
import { BodyRefused } from './body.ts';
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

function unavailable(ctx: Context): void {
  ctx.status = 503;
  ctx.set('Retry-After', '5');
  ctx.body = { error: 'temporarily_unavailable', error_description: 'A part of this system is not answering. Try again shortly.' };
}

function tokenRefusal(ctx: Context, refusal: TokenRefusal): void {
  ctx.status = refusal.error === 'invalid_client' ? 401 : 400;
  // RFC 6749 §5.2: 401 with the scheme the client used; without Basic a plain 400 keeps browsers from prompting.
  if (refusal.challenge) ctx.set('WWW-Authenticate', 'Basic realm="drawbridge", charset="UTF-8"');
  else if (refusal.error === 'invalid_client') ctx.status = 400;
  ctx.body = { error: refusal.error, error_description: descriptions[refusal.error] };
}

/** Turns whatever an endpoint for programs threw into the answer its specification has for it. */
export function answerRefusal(ctx: Context, error: unknown, log: Log, invalid: 'invalid_request' | 'invalid_client_metadata'): void {
  const route = ctx.path;
  if (error instanceof TokenRefusal) {
    log.info('token.refused', { route, reason: `${error.error}: ${error.reason}` });
    tokenRefusal(ctx, error);
  } else if (error instanceof RegistrationRefusal) {
    log.info('registration.refused', { route, reason: `${error.error}: ${error.description}` });
    ctx.status = 400;
    ctx.body = { error: error.error, error_description: error.description };
  } else if (error instanceof BodyRefused || error instanceof ZodError) {
    log.info('request.refused', { route, reason: error instanceof BodyRefused ? error.reason : 'the body has the wrong shape' });
    ctx.status = error instanceof BodyRefused && error.status === 413 ? 413 : 400;
    ctx.body = { error: invalid, error_description: descriptions.invalid_request };
  } else if (error instanceof TooManyRequests) {
    log.warn('request.limited', { route });
    ctx.status = 429;
    ctx.set('Retry-After', String(error.retryAfter));
    ctx.body = { error: 'temporarily_unavailable', error_description: 'Too many requests. Wait and try again.' };
  } else if (error instanceof Overdue) {
    log.error('request.overdue', { route, error, reason: error.message });
    unavailable(ctx);
  } else if (error instanceof Error && error.name === 'StoreUnavailable') {
    log.error('store.unavailable', { route, error });
    unavailable(ctx);
  } else {
    log.error('fault', { route, error });
    ctx.status = 500;
    ctx.body = { error: 'server_error', error_description: 'Something went wrong on our side.' };
  }
}
