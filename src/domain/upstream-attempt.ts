import { z } from 'zod';

/** One trip to the upstream: made before it, kept sealed with the transaction, demanded back after it. */
export const UpstreamAttempt = z.object({
  state: z.string(),
  nonce: z.string(),
  code_verifier: z.string(),
  demand: z.object({ mfa: z.boolean() }),
  /** `login` asks for fresh authentication, `select_account` for another account. OpenID Connect Core §3.1.2.1. */
  prompt: z.enum(['login', 'select_account']).nullable(),
  login_hint: z.string().nullable(),
  /** When the trip began, in ms since the epoch. */
  begunAt: z.number().optional(),
});
export type UpstreamAttempt = z.infer<typeof UpstreamAttempt>;

/** Two presses of one button, or a request that a network repeated, come within this (ms); later it is another trip. */
const pressedTwice = 2_000;

/** Whether who asks for a trip now means the one that has just begun. */
export function isSameTrip(begun: UpstreamAttempt, asked: Pick<UpstreamAttempt, 'demand' | 'prompt'>, now: number): boolean {
  const age = now - (begun.begunAt ?? 0);
  return age >= 0 && age < pressedTwice && begun.demand.mfa === asked.demand.mfa && begun.prompt === asked.prompt;
}
