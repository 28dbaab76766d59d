import { z } from 'zod';
import { clockSkew } from './clock-skew.ts';

const day = 86_400_000;

/** When keys change; all in ms. */
export interface RotationPolicy {
  /** How long a key signs. */
  readonly period: number;
  /** How long it is published before it signs, so that every cache has it. */
  readonly lead: number;
  /** How long it is published after it signed, longer than the longest token. */
  readonly overlap: number;
}

export const rotationPolicy: RotationPolicy = { period: 90 * day, lead: 2 * day, overlap: 2 * day };

/** A key pair that signs from `activeFrom` until its successor does. The id is its number: two instances cannot make the same successor. */
export const SigningKey = z.object({
  id: z.string(),
  number: z.number(),
  alg: z.string(),
  /** Public JWK with `kid`. RFC 7517. */
  publicKey: z.record(z.string(), z.unknown()),
  /** The private JWK, sealed. */
  sealed: z.string(),
  activeFrom: z.number(),
});
export type SigningKey = z.infer<typeof SigningKey>;

/** The key that signs now: the latest whose time has come. */
export function currentKey(keys: readonly SigningKey[], now: number): SigningKey | null {
  return keys
    .filter((key) => key.activeFrom <= now)
    .reduce<SigningKey | null>((latest, key) => (latest === null || key.number > latest.number ? key : latest), null);
}

/** Whether it may have signed by now, at an instance whose clock is ahead of ours. */
export const mayHaveSigned = ({ activeFrom }: SigningKey, now: number): boolean => activeFrom <= now + clockSkew;

/** Next, current and retiring keys: those whose signatures may be about. */
export function publishedKeys(keys: readonly SigningKey[], now: number, policy: RotationPolicy): SigningKey[] {
  return keys.filter((key) => {
    const successor = keys.find((other) => other.number === key.number + 1);
    return successor === undefined || now < successor.activeFrom + policy.overlap;
  });
}

/** The number and start of the key that has to be made now, or null: the newest is about to end, or signs in another way than is wanted. */
export function dueKey(
  keys: readonly SigningKey[],
  now: number,
  policy: RotationPolicy & { readonly alg: string },
): { number: number; activeFrom: number } | null {
  const newest = keys.reduce<SigningKey | null>((latest, key) => (latest === null || key.number > latest.number ? key : latest), null);
  // The first has to be good at once at every instance, also where it is a little earlier.
  if (newest === null) return { number: 1, activeFrom: now - clockSkew };
  const endsAt = newest.activeFrom + policy.period;
  if (newest.alg !== policy.alg) return { number: newest.number + 1, activeFrom: now + policy.lead };
  if (now < endsAt - policy.lead) return null;
  return { number: newest.number + 1, activeFrom: Math.max(endsAt, now + policy.lead) };
}
