import type { ConnectionId } from '../domain/ids.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
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
}

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
