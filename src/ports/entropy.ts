/** The one source of randomness; cryptographically strong in production, seeded in tests. */
export interface Entropy {
  bytes(length: number): Uint8Array;
  /** 128 bits as base64url, 22 characters: an identifier that cannot be guessed. */
  id(): string;
  /** 256 bits as base64url, 43 characters: a bearer secret. */
  secret(): string;
}
