import { z } from 'zod';

/** One passkey of a person: what a browser or a security key proves itself by. Bytes are base64url. What a newer version wrote beside it is kept. WebAuthn Level 3 §4 "credential record". */
export const Passkey = z.looseObject({
  id: z.string(),
  /** A COSE key. RFC 9052 §7. */
  publicKey: z.string(),
  /** How often it was used, as it says itself; always 0 where it does not count. */
  counter: z.number(),
  /** How a browser may reach it. */
  transports: z.array(z.string()),
  addedAt: z.number(),
});
export type Passkey = z.infer<typeof Passkey>;

/** A passkey that was just made, and verified. */
export type NewPasskey = Pick<Passkey, 'id' | 'publicKey' | 'counter' | 'transports'>;

/** What was verified about an answer of a passkey: which one, and how often it says that it was used. */
export type UsedPasskey = Pick<Passkey, 'id' | 'counter'>;

/** Why an answer of a passkey is none. */
export type PasskeyFault = 'another challenge' | 'another origin' | 'not verified' | 'unknown passkey' | 'counter went back';

export const mostPasskeys = 10;

/** With one more, which is there once however often it is added; null when there are enough. */
export function withPasskey(passkeys: readonly Passkey[], made: NewPasskey, now: number): Passkey[] | null {
  const others = passkeys.filter(({ id }) => id !== made.id);
  return others.length < mostPasskeys ? [...others, { ...made, addedAt: now }] : null;
}

/** Whether a copy may be about: one that counts never says a number twice. WebAuthn Level 3 §7.2 step 22. */
export const wentBack = (kept: number, said: number): boolean => (kept > 0 || said > 0) && said <= kept;

/** Base64url, and nothing that only some readers take. RFC 4648 §5. */
const bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[\w-]+$/);

/** What every answer of a browser has; what else it says is left out. WebAuthn Level 3 §5.1. */
const answer = { id: bytes(1400), rawId: bytes(1400), type: z.literal('public-key') };

const transports = z
  .array(z.string().max(20))
  .max(10)
  .default([])
  .transform((names) => names.filter((name) => ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'].includes(name)));

/** A passkey was made. WebAuthn Level 3 §5.2.1. */
export const Registration = z.object({
  ...answer,
  response: z.object({ clientDataJSON: bytes(4000), attestationObject: bytes(20_000), transports }),
});
export type Registration = z.infer<typeof Registration>;

/** A passkey was used. WebAuthn Level 3 §5.2.2. */
export const Assertion = z.object({
  ...answer,
  response: z.object({
    clientDataJSON: bytes(4000),
    authenticatorData: bytes(4000),
    signature: bytes(2000),
    userHandle: bytes(100).nullish(),
  }),
});
export type Assertion = z.infer<typeof Assertion>;

/** What a browser sends from a page of ours. */
export const PasskeyAnswer = z.union([Registration, Assertion]);
export type PasskeyAnswer = z.infer<typeof PasskeyAnswer>;

export const isRegistration = (answer: PasskeyAnswer): answer is Registration => 'attestationObject' in answer.response;
