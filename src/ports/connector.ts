import type { ConnectionId } from '../domain/ids.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
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
}

/** What happens next in a sign-in that may need pages of ours. */
export type Turn =
  | { readonly turn: 'leave'; readonly url: URL }
  /** `memory` is the connector's own, may hold secrets, and comes back with the answer. */
  | { readonly turn: 'ask'; readonly question: Question; readonly memory: string }
  /** `askedForMfa`: whoever has a second factor was asked for it, though nobody demanded one. */
  | { readonly turn: 'identified'; readonly identity: VerifiedIdentity; readonly askedForMfa?: boolean };

/** A configured upstream that leaves some of the asking to us; each of its methods throws `LoginRefused` as a `Connector` does. */
export interface ConversingConnector extends Pick<Connector, 'id' | 'name' | 'warmUp'> {
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
 * `untrustworthy`: an answer came and a check failed. `misconfigured`: the upstream refused us as its client.
 */
export type LoginRefusal = 'cancelled' | 'unreachable' | 'untrustworthy' | 'misconfigured';

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
