import { z } from 'zod';

/** What a sign-in proved about how the person was authenticated, in the same words whatever the upstream. RFC 8176, OpenID Connect Core §2. */
export const Assurance = z.object({
  /** When the person authenticated, in seconds since the epoch; null when the upstream did not say. When the token was made (`iat`) is no substitute. */
  auth_time: z.number().nullable(),
  /** Where that time comes from; null when it is not known, and of rows written before it was noted. */
  authTimeSource: z.enum(['id_token', 'amr_timestamp', 'local_factor']).nullable().default(null),
  /** As the upstream said it. */
  acr: z.string().nullable(),
  /** The methods in the words of RFC 8176 §2, sorted. */
  amr: z.array(z.string()),
  /** The methods as the upstream said them. */
  amrAsSaid: z.array(z.string()).default([]),
  /** True only when a value on the connection's allow-list stood in a verified ID token. */
  mfa: z.boolean(),
  /** The same for a sign-in that nobody in between could have copied. */
  phishingResistant: z.boolean().default(false),
  /** Which values proved it, in words for the audit: `acr=…`, `amr=…`, `phishing-resistant acr=…`. */
  evidence: z.array(z.string()),
});
export type Assurance = z.infer<typeof Assurance>;

/** Values of `acr` and `amr`, exactly as the upstream says them. */
interface Accepted {
  readonly acr: readonly string[];
  readonly amr: readonly string[];
}

/** What a connection's administrator accepts as proof of a second factor, and of a phishing-resistant sign-in. */
export interface Proof extends Accepted {
  readonly phishingResistant?: Accepted;
}

/** What a verified token says about the sign-in. */
export interface SignInClaims {
  readonly auth_time?: number;
  readonly authTimeSource?: Assurance['authTimeSource'];
  readonly acr?: string;
  readonly amr?: readonly string[];
}

/** RFC 8176 §2. */
const registered = 'face fpt geo hwk iris kba mca mfa otp pin pop pwd rba retina sc sms swk tel user vbm wia'.split(' ');

/** What upstreams say instead of the registered word. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ['password', 'pwd'],
  ['totp', 'otp'],
  ['mfa/phone', 'otp'],
  ['mfa/webauthn', 'hwk'],
  ['webauthn', 'hwk'],
  ['fido', 'hwk'],
  ['ngcmfa', 'mfa'],
]);

/** The methods in registered words, each once and sorted; a word that nobody registered is left out. RFC 8176 §2. */
export function methodsOf(amr: readonly string[]): string[] {
  const words = amr.map((said) => otherWords.get(said) ?? said).filter((word) => registered.includes(word));
  return [...new Set(words)].sort();
}

function proofsIn(acr: string | null, amr: readonly string[], accepted: Accepted): string[] {
  const proofs = amr.filter((method) => accepted.amr.includes(method)).map((method) => `amr=${method}`);
  return acr !== null && accepted.acr.includes(acr) ? [`acr=${acr}`, ...proofs] : proofs;
}

/** Judges the claims of a verified ID token; anything not on an allow-list proves nothing. */
export function assuranceFrom(claims: SignInClaims, proof: Proof): Assurance {
  const { auth_time = null, acr = null, amr = [] } = claims;
  const mfa = proofsIn(acr, amr, proof);
  const phishingResistant = proofsIn(acr, amr, proof.phishingResistant ?? { acr: [], amr: [] });
  return {
    auth_time,
    authTimeSource: auth_time === null ? null : (claims.authTimeSource ?? 'id_token'),
    acr,
    amr: methodsOf(amr),
    amrAsSaid: [...amr],
    mfa: mfa.length > 0,
    phishingResistant: phishingResistant.length > 0,
    evidence: [...mfa, ...phishingResistant.map((value) => `phishing-resistant ${value}`)],
  };
}
