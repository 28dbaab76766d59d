import { z } from 'zod';
import { AssuranceDemand, includes } from './assurance-demand.ts';

/** One trip to the upstream: made before it, kept sealed with the transaction, demanded back after it. */
export const UpstreamAttempt = z.object({
  state: z.string(),
  nonce: z.string(),
  code_verifier: z.string(),
  demand: AssuranceDemand,
  /** Asks as for a fresh login; how old the sign-in may be is for `demand` to say. */
  afresh: z.boolean().default(false),
  /** True when the person can go on without the proof, only with less. */
  optional: z.boolean().default(false),
  /** `login` asks for fresh authentication and takes nothing else, `select_account` for another account. OpenID Connect Core §3.1.2.1. */
  prompt: z.enum(['login', 'select_account']).nullable(),
  login_hint: z.string().nullable(),
  /** When the trip began, in ms since the epoch. */
  begunAt: z.number().optional(),
});
export type UpstreamAttempt = z.infer<typeof UpstreamAttempt>;

/** Two presses of one button, or a request that a network repeated, come within this (ms); later it is another trip. */
const pressedTwice = 2_000;

const isSameDemand = (one: AssuranceDemand, other: AssuranceDemand): boolean => includes(one, other) && includes(other, one);

/** Whether who asks for a trip now means the one that has just begun. */
export function isSameTrip(begun: UpstreamAttempt, asked: Pick<UpstreamAttempt, 'demand' | 'afresh' | 'prompt'>, now: number): boolean {
  const age = now - (begun.begunAt ?? 0);
  return (
    age >= 0 &&
    age < pressedTwice &&
    isSameDemand(begun.demand, asked.demand) &&
    begun.afresh === asked.afresh &&
    begun.prompt === asked.prompt
  );
}
