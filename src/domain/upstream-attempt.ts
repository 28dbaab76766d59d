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
});
export type UpstreamAttempt = z.infer<typeof UpstreamAttempt>;
