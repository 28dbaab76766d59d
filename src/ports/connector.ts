import type { ConnectionId } from '../domain/ids.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { LeavesOut } from '../domain/rule-claims.ts';
import type { Secret } from '../domain/secret.ts';
import type { Question } from '../domain/question.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';

/** One configured upstream. Neither method lets an HTTP type through, and `complete` exchanges and verifies in one call so that no check can be left out. */
export interface Connector {
  readonly id: ConnectionId;
  /** What people call it: "Continue with {name}". */
  readonly name: string;
  /** Where to send the browser. Throws `LoginRefused` with `unreachable` when the upstream cannot be asked. */
  begin(attempt: UpstreamAttempt): Promise<URL>;
  /** The verified identity behind the upstream's answer; throws `LoginRefused` otherwise and then nothing about the person may be believed. */
  complete(answer: URLSearchParams, attempt: UpstreamAttempt): Promise<VerifiedIdentity>;
  /** Fetches what can be known beforehand (discovery, keys). Throws `LoginRefused` when the upstream cannot be asked, which keeps nobody from trying later. */
  warmUp(): Promise<void>;
  /** Asks whether the session behind this refresh token still stands. Never throws: what an upstream may do is an answer. Absent where it cannot be asked. */
  recheck?(refresh_token: Secret<'upstream_token'>, known: KnownSubject): Promise<Rechecked>;
  /** Verifies a logout token. OpenID Connect Back-Channel Logout §2.6. Throws `LoginRefused`. */
  readLogoutToken?(logout_token: string): Promise<SignOut>;
  /** Verifies who asks for a person's tokens to be revoked; `audience` is the address it was sent to. Throws `LoginRefused`. draft-parecki-oauth-global-token-revocation §3. */
  readRevocationToken?(token: string, audience: string): Promise<{ readonly issuer: string }>;
}

export interface KnownSubject {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * `stands`: with the refresh token to use from now on, and what it said of the person this time. Groups are null when they were not told, and
 * what is not in `said` is gone, but for what this answer may leave out.
 * `over`: revoked, expired, disabled or somebody else's; which of these is not known. `must-sign-in`: its policy wants the person to be there.
 * `unanswered`: it could not be asked, which says nothing about the person. `misconfigured`: it refused us as its client.
 * `unexplained`: it refused what we showed, without a word that says why.
 */
export type Rechecked =
  | ({ readonly answer: 'stands'; readonly refresh_token: Secret<'upstream_token'>; readonly leavesOut: LeavesOut } & Pick<
      VerifiedIdentity,
      'groups' | 'groupNames' | 'whyUnknown' | 'said'
    >)
  | { readonly answer: 'over' | 'must-sign-in' | 'unanswered' | 'misconfigured' | 'unexplained'; readonly reason: string };

/** An upstream has not said for too long whether a person is still there: the request ends with 503, and nothing else does. */
export class UpstreamUnanswered extends Error {
  override readonly name = 'UpstreamUnanswered';
}

/** What a verified logout token says: whose sessions are over, or which one. */
export interface SignOut {
  readonly issuer: string;
  readonly subject: string | null;
  readonly sid: string | null;
  /** The token's own name, the same at each delivery. */
  readonly jti: string;
}

/** What happens next in a sign-in that may need pages of ours. */
export type Turn =
  | { readonly turn: 'leave'; readonly url: URL }
  /** `memory` is the connector's own, may hold secrets, and comes back with the answer. */
  | { readonly turn: 'ask'; readonly question: Question; readonly memory: string }
  /** `askedForMfa`: whoever has a second factor was asked for it, though nobody demanded one. */
  | { readonly turn: 'identified'; readonly identity: VerifiedIdentity; readonly askedForMfa?: boolean };

/** A configured upstream that leaves some of the asking to us; each of its methods throws `LoginRefused` as a `Connector` does. */
export interface ConversingConnector extends Pick<
  Connector,
  'id' | 'name' | 'warmUp' | 'recheck' | 'readLogoutToken' | 'readRevocationToken'
> {
  begin(attempt: UpstreamAttempt): Promise<Turn>;
  complete(answer: URLSearchParams, attempt: UpstreamAttempt): Promise<Turn>;
  /** Judges what a person filled in. A wrong answer is the same question again; what was asked is forgotten by whoever calls. */
  answer(fields: Readonly<Record<string, string>>, memory: string, attempt: UpstreamAttempt): Promise<Turn>;
  /** Ends what an open question held at the upstream; whether it succeeds decides nothing. */
  abandon(memory: string): Promise<void>;
}

export type AnyConnector = Connector | ConversingConnector;

/**
 * `cancelled`: the person or the upstream said no. `unreachable`: no usable answer, trying again may help.
 * `untrustworthy`: an answer came and a check failed. `misconfigured`: the upstream refused us as its client. `foreign`: the answer is
 * genuine, and the account belongs to an organisation this connection is not for.
 */
export type LoginRefusal = 'cancelled' | 'unreachable' | 'untrustworthy' | 'misconfigured' | 'foreign';

export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly refusal: LoginRefusal;
  /** Private: for the log, never for the wire. */
  readonly reason: string;

  constructor(refusal: LoginRefusal, reason: string, options?: ErrorOptions) {
    super(`sign-in refused: ${refusal}`, options);
    this.refusal = refusal;
    this.reason = reason;
  }
}
