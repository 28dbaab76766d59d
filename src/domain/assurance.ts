import { z } from 'zod';

/** What a sign-in proved about how the person was authenticated. RFC 8176, OpenID Connect Core §2. */
export const Assurance = z.object({
  /** Seconds since the epoch; null when the identity provider did not say. */
  auth_time: z.number().nullable(),
  acr: z.string().nullable(),
  amr: z.array(z.string()),
  /** True only when a value on the connection's allow-list stood in a verified ID token. */
  mfa: z.boolean(),
  /** Which values proved it, in words for the audit: `acr=…`, `amr=…`. */
  evidence: z.array(z.string()),
});
export type Assurance = z.infer<typeof Assurance>;

/** What has to be proven before a tenant may be entered. */
export interface AssuranceDemand {
  readonly mfa: boolean;
}

export function satisfies(assurance: Assurance, demand: AssuranceDemand): boolean {
  return !demand.mfa || assurance.mfa;
}

/** The values of `acr` and `amr` that a connection's administrator accepts as proof of a second factor. */
export interface MfaProof {
  readonly acr: readonly string[];
  readonly amr: readonly string[];
}

/** Judges the claims of a verified ID token; anything not on the allow-list proves nothing. */
export function assuranceFrom(claims: { auth_time?: number; acr?: string; amr?: readonly string[] }, proof: MfaProof): Assurance {
  const acr = claims.acr ?? null;
  const amr = [...(claims.amr ?? [])];
  const evidence: string[] = [];
  if (acr !== null && proof.acr.includes(acr)) evidence.push(`acr=${acr}`);
  for (const method of amr) if (proof.amr.includes(method)) evidence.push(`amr=${method}`);
  return { auth_time: claims.auth_time ?? null, acr, amr, mfa: evidence.length > 0, evidence };
}
