import { hash, timingSafeEqual } from 'node:crypto';
import type { Secret } from './secret.ts';

/** SHA-256 as base64url, 43 characters. */
export function sha256(value: string | Uint8Array): string {
  return hash('sha256', value, 'base64url');
}

/** The digest under which a secret is stored and found. */
export function secretDigest(secret: Secret<string>): string {
  return sha256(secret.reveal());
}

/** Equality whose time does not depend on where two strings differ, though on how long they are. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
