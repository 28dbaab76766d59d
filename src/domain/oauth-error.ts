import type { ReturnAddress } from './redirect-uri.ts';

/** RFC 6749 §5.2, RFC 8707 §2. */
export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target';

/** RFC 6749 §4.1.2.1, RFC 8707 §2, OpenID Connect Core §3.1.2.6. */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'unauthorized_client'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_target'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported';

/** RFC 7591 §3.2.2. */
export type RegistrationErrorCode = 'invalid_redirect_uri' | 'invalid_client_metadata';

/** A refusal of the token or revocation endpoint. `reason` is private: it is logged and never sent. */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
  readonly error: TokenErrorCode;
  readonly reason: string;
  /** True when the client tried HTTP Basic: the answer is then 401 with a challenge. RFC 6749 §5.2. */
  readonly challenge: boolean;

  constructor(error: TokenErrorCode, reason: string, options?: { challenge?: boolean }) {
    super(error);
    this.error = error;
    this.reason = reason;
    this.challenge = options?.challenge ?? false;
  }
}

/** A refusal of the registration endpoint; `description` names what to mend and holds nothing private. */
export class RegistrationRefusal extends Error {
  override readonly name = 'RegistrationRefusal';
  readonly error: RegistrationErrorCode;
  readonly description: string;

  constructor(error: RegistrationErrorCode, description: string) {
    super(error);
    this.error = error;
    this.description = description;
  }
}

/** What a refusal page tells the person; the words live with the pages. */
export type PageRefusalKind =
  | 'malformed-request'
  | 'unknown-app'
  | 'unregistered-address'
  | 'app-withdrawn'
  | 'expired'
  | 'other-browser'
  | 'sign-in-cancelled'
  | 'sign-in-untrustworthy'
  | 'foreign-account'
  | 'no-access'
  | 'groups-unknown'
  | 'second-factor-unproven'
  | 'phishing-resistance-unproven'
  | 'sign-in-too-old'
  | 'not-answering'
  | 'stopped-by-person'
  | 'too-many-tries'
  | 'test-over'
  | 'invitation-over'
  | 'signed-out'
  | 'not-found'
  | 'unavailable'
  | 'fault';

/** Names from our own records that the words of a page need; never text from the request. */
export interface RefusalNames {
  readonly app?: string;
  readonly connection?: string;
  readonly server?: string;
  /** Whose demand was not met. */
  readonly workspace?: string;
  /** Who is signed in. */
  readonly account?: string;
  /** For how long. */
  readonly minutes?: number;
}

/** A refusal shown as a page, because nobody is proven yet to whom a redirect may go. */
export class PageRefusal extends Error {
  override readonly name = 'PageRefusal';
  readonly kind: PageRefusalKind;
  readonly reason: string;
  readonly names: RefusalNames;

  constructor(kind: PageRefusalKind, reason: string, names: RefusalNames = {}) {
    super(kind);
    this.kind = kind;
    this.reason = reason;
    this.names = names;
  }
}

/** A refusal the client is told about at its proven return address. RFC 6749 §4.1.2.1, RFC 9207 §2. */
export class RedirectRefusal extends Error {
  override readonly name = 'RedirectRefusal';
  readonly error: AuthorizationErrorCode;
  readonly reason: string;
  readonly returnAddress: ReturnAddress;
  readonly state: string | null;
  /** True when the browser may be sent there although nobody has looked at a page of ours yet. RFC 9700 §4.11.2. */
  readonly unseen: boolean;

  constructor(error: AuthorizationErrorCode, reason: string, to: { returnAddress: ReturnAddress; state: string | null; unseen: boolean }) {
    super(error);
    this.error = error;
    this.reason = reason;
    this.returnAddress = to.returnAddress;
    this.state = to.state;
    this.unseen = to.unseen;
  }
}
