/** Keys derived from the installation's master key, one per purpose, so that what was made for one purpose is worthless for another. */
export interface Sealing {
  /** HMAC-SHA-256 as base64url, 43 characters. */
  mac(purpose: string, value: string): string;
  /** AES-256-GCM with a fresh nonce, as one base64url word naming its key. */
  seal(purpose: string, plaintext: string): string;
  /** Null when the word was not sealed by us for this purpose. */
  open(purpose: string, sealed: string): string | null;
}
