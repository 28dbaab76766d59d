/** The codes of authenticator apps: six digits, another every thirty seconds. RFC 6238 §4. */
export interface OneTimeCodes {
  /** A new secret as apps take it: base32. */
  secretFrom(bytes: Uint8Array): string;
  codeAt(secret: string, step: number): string;
  /** What an app reads from the picture. */
  address(secret: string, names: { readonly issuer: string; readonly account: string }): string;
}
