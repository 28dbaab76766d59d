/** What a request brought in its `Authorization` header. RFC 6750 §2.1. */
export type BearerCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string };

const TOKEN = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** Reads the header list as received, so that a repeated header is seen; credentials of another scheme are no credentials here. */
export function readBearer(raw: readonly string[]): BearerCredentials {
  const values = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'authorization');
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  if (values.length > 1) return { kind: 'malformed' };
  if (!/^bearer(?: |$)/i.test(value)) return { kind: 'none' };
  const token = TOKEN.exec(value)?.[1];
  return token === undefined || token.length > 16_384 ? { kind: 'malformed' } : { kind: 'token', token };
}

/** RFC 6750 §3.1, RFC 9470 §3. */
export type BearerErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_user_authentication';

export interface Challenge {
  /** Null when the request brought no credentials at all. RFC 6750 §3.1. */
  readonly error: BearerErrorCode | null;
  readonly scope: readonly string[];
  /** What a new sign-in has to prove. RFC 9470 §3. */
  readonly acr_values?: string;
  readonly max_age?: number;
  /** Address of the protected-resource metadata. RFC 9728 §5.1. */
  readonly resource_metadata: string;
  readonly error_description: string | null;
}

/** The one `WWW-Authenticate` value: everything quoted, free text last since clients search the value with simple patterns. */
export function writeChallenge(challenge: Challenge): string {
  const parts: string[] = [];
  if (challenge.error !== null) parts.push(`error=${quoted(challenge.error)}`);
  // MCP 2026-07-28 authorization, "Refresh Tokens": a challenge never asks for offline_access.
  const scope = challenge.scope.filter((name) => name !== 'offline_access');
  if (scope.length > 0) parts.push(`scope=${quoted(scope.join(' '))}`);
  if (challenge.acr_values !== undefined) parts.push(`acr_values=${quoted(challenge.acr_values)}`);
  if (challenge.max_age !== undefined) parts.push(`max_age=${quoted(String(challenge.max_age))}`);
  parts.push(`resource_metadata=${quoted(challenge.resource_metadata)}`);
  if (challenge.error_description !== null) parts.push(`error_description=${quoted(challenge.error_description)}`);
  return `Bearer ${parts.join(', ')}`;
}

function quoted(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]|["\\]/g, '')}"`;
}

/** What is wrong with the token or how it came, rather than with what it is used for. */
export type CredentialErrorCode = Extract<BearerErrorCode, 'invalid_request' | 'invalid_token'>;

/** A refusal that carries a challenge; `reason` is private, for the log. RFC 6750 §3, RFC 9728 §5.1. */
export class BearerRefused extends Error {
  override readonly name = 'BearerRefused';
  readonly error: CredentialErrorCode | null;
  readonly reason: string;

  constructor(error: CredentialErrorCode | null, reason: string) {
    super(`bearer refused: ${error ?? 'no credentials'}`);
    this.error = error;
    this.reason = reason;
  }
}
