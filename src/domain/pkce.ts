import { sameText, sha256 } from './digest.ts';

/** An S256 challenge is the base64url SHA-256: 43 characters. RFC 7636 §4.2. */
export function isCodeChallenge(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
export function isCodeVerifier(value: string): boolean {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(value);
}

/** RFC 7636 §4.6. */
export function verifierMatches(code_verifier: string, code_challenge: string): boolean {
  return isCodeVerifier(code_verifier) && sameText(sha256(code_verifier), code_challenge);
}
