import type { Assertion, NewPasskey, Passkey, PasskeyFault, Registration, UsedPasskey } from '../domain/passkey.ts';

/** What a browser is asked with, as its own interface takes it. WebAuthn Level 3 §5.1.8, §5.1.9. */
export type PasskeyOptions = Readonly<Record<string, unknown>>;

/** Whose passkey is made, as their device is to show it. */
export interface PasskeyOwner {
  /** Says nothing about the person: it is kept by devices and may be read from them. */
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
}

/**
 * Passkeys for our own address. Whatever verifies was made or used in a browser at our very origin, for this challenge, by a device that
 * had made sure of its person. Nothing of it reaches the network.
 */
export interface Passkeys {
  /** False where browsers make none: at an address without a name. */
  readonly areTaken: boolean;
  creationOptions(challenge: string, owner: PasskeyOwner, existing: readonly Passkey[]): PasskeyOptions;
  requestOptions(challenge: string, allowed: readonly Passkey[]): PasskeyOptions;
  verifyRegistration(answer: Registration, challenge: string): Promise<NewPasskey | PasskeyFault>;
  verifyAssertion(answer: Assertion, challenge: string, owner: string, allowed: readonly Passkey[]): Promise<UsedPasskey | PasskeyFault>;
}
