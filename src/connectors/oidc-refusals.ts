import { AuthorizationResponseError, ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { LoginRefused, type LoginRefusal } from '../ports/connector.ts';
import { networkCode } from './network-code.ts';

/** The person, or the upstream's policy about this person, said no. OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1. */
const saidNo = [
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
  'unmet_authentication_requirements',
];
const tryAgain = ['server_error', 'temporarily_unavailable', 'slow_down'];
/** The upstream refused us as its client. RFC 6749 §5.2. */
const aboutUs = [
  'invalid_client',
  'invalid_request',
  'invalid_request_object',
  'invalid_request_uri',
  'invalid_scope',
  'invalid_target',
  'registration_not_supported',
  'request_not_supported',
  'request_uri_not_supported',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
];

/**
 * Any failure of one exchange with the upstream as a refusal. The original error is left behind on purpose: it carries codes, tokens
 * and response bodies, and an error's cause ends up in logs.
 */
export function asLoginRefused(stage: string, error: unknown): LoginRefused {
  if (error instanceof LoginRefused) return error;
  if (error instanceof AuthorizationResponseError) return new LoginRefused(ofAnswer(error.error), `${stage}: ${codeWord(error.error)}`);
  if (error instanceof ResponseBodyError) {
    return new LoginRefused(ofBody(error.error, error.status), `${stage}: ${codeWord(error.error)} with status ${String(error.status)}`);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return new LoginRefused(ofStatus(error.status), `${stage}: challenged for credentials with status ${String(error.status)}`);
  }
  if (error instanceof ClientError) return ofClientError(stage, error);
  return new LoginRefused('unreachable', `${stage}: ${networkCode(error)}`);
}

function ofClientError(stage: string, error: ClientError): LoginRefused {
  const { code, cause } = error;
  if (code === undefined) return new LoginRefused('unreachable', `${stage}: ${networkCode(cause)}`);
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT') return new LoginRefused('unreachable', `${stage}: timed out`);
  if (cause instanceof Response) return new LoginRefused(ofStatus(cause.status), `${stage}: unexpected status ${String(cause.status)}`);
  return new LoginRefused('untrustworthy', `${stage}: ${code}, ${checkThatFailed(error)}`);
}

/** The library's own sentence about the check; these are constants and never quote what was checked. */
function checkThatFailed(error: ClientError): string {
  const { cause } = error;
  const known = cause instanceof Error && ['OperationProcessingError', 'UnsupportedOperationError'].includes(cause.name);
  return known ? cause.message : error.message;
}

function ofAnswer(code: string): LoginRefusal {
  if (tryAgain.includes(code)) return 'unreachable';
  return aboutUs.includes(code) ? 'misconfigured' : 'cancelled';
}

function ofBody(code: string, status: number): LoginRefusal {
  if (tryAgain.includes(code) || ofStatus(status) === 'unreachable') return 'unreachable';
  // A code that is spent, expired or was made for another flow: not an answer to our question.
  return code === 'invalid_grant' ? 'untrustworthy' : 'misconfigured';
}

/** Timeout, conflict, too early, too many: of the moment, and of nobody's doing. RFC 9110 §15.5, RFC 8470 §5.2, RFC 6585 §4. */
const ofTheMoment = [408, 409, 425, 429];

function ofStatus(status: number): LoginRefusal {
  return ofTheMoment.includes(status) || status >= 500 || status < 400 ? 'unreachable' : 'misconfigured';
}

/** Whether a code is one of the specifications'. */
export const isSpecified = (code: string): boolean => [...saidNo, ...tryAgain, ...aboutUs, 'invalid_grant'].includes(code);

/** Whatever else stood there is a stranger's text. */
const codeWord = (code: string): string => (isSpecified(code) ? code : 'an error code of its own');
