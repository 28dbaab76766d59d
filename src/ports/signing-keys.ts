import type { SigningKey } from '../domain/signing-key.ts';

export interface SigningKeys {
  all(): Promise<SigningKey[]>;
  /** Adds a key unless its number is taken. */
  add(key: SigningKey): Promise<'added' | 'exists'>;
}
