import { LoginRefused, type LoginRefusal } from '../ports/connector.ts';
import { networkCode } from './network-code.ts';

/** GoTrue, or the gateway in front of it, answered with an error. */
export class GoTrueRefused extends Error {
  override readonly name = 'GoTrueRefused';
  readonly status: number;
  /** From the header, which says it in every version of the API; null when whoever answered was not GoTrue. */
  readonly code: string | null;

  constructor(status: number, code: string | null) {
    super('GoTrue refused');
    this.status = status;
    this.code = code;
  }
}

const meanings: Readonly<Record<string, LoginRefusal>> = {
  access_denied: 'cancelled',
  email_not_confirmed: 'cancelled',
  signup_disabled: 'cancelled',
  user_banned: 'cancelled',
  user_not_found: 'cancelled',
  provider_email_needs_verification: 'cancelled',
  // A second step elsewhere ends the person's other sessions: theirs here may be gone, which says nothing about them.
  session_not_found: 'cancelled',
  session_expired: 'cancelled',
  // Three hundred seconds, the visit to the social identity provider included: another trip helps.
  flow_state_expired: 'unreachable',
  bad_oauth_state: 'unreachable',
  conflict: 'unreachable',
  request_timeout: 'unreachable',
  unexpected_failure: 'unreachable',
  over_request_rate_limit: 'unreachable',
  // A code that is spent, or was made for another trip.
  flow_state_not_found: 'untrustworthy',
  bad_code_verifier: 'untrustworthy',
  bad_jwt: 'untrustworthy',
};

const explained: Readonly<Record<string, string>> = {
  mfa_ip_address_mismatch: 'Supabase saw challenge and answer come from two addresses: give this installation one outgoing address',
};

/** Any failure of one exchange as a refusal; what the error carried besides its code stays behind, since a cause ends up in logs. */
export function asLoginRefused(stage: string, error: unknown): LoginRefused {
  if (error instanceof LoginRefused) return error;
  if (error instanceof GoTrueRefused) return refusalOf(stage, error.code, error.status);
  return new LoginRefused('unreachable', `${stage}: ${networkCode(error)}`);
}

/** The error GoTrue sends back with the browser. */
export const refusalOfAnswer = (error: string, code: string | null): LoginRefused =>
  refusalOf('answer', code !== null && Object.hasOwn(meanings, code) ? code : error, error === 'server_error' ? 500 : 400);

function refusalOf(stage: string, code: string | null, status: number): LoginRefused {
  const word = code !== null && /^[a-z0-9_]{1,60}$/.test(code) ? code : null;
  const isTransient = status === 429 || status === 409 || status >= 500 || status < 400;
  const known = word !== null && Object.hasOwn(meanings, word) ? meanings[word] : undefined;
  const refusal = known ?? (isTransient ? 'unreachable' : stage === 'answer' ? 'cancelled' : 'misconfigured');
  const why = word !== null && Object.hasOwn(explained, word) ? `, ${explained[word] ?? ''}` : '';
  // What stands in the browser's address is a stranger's text unless it is one of the words above.
  const named = stage === 'answer' && known === undefined ? 'an error code of its own' : (word ?? 'no error code');
  return new LoginRefused(refusal, `${stage}: ${named} with status ${String(status)}${why}`);
}
