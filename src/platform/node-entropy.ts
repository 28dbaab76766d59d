import { randomBytes } from 'node:crypto';
import type { Entropy } from '../ports/entropy.ts';

export const nodeEntropy: Entropy = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  id: () => randomBytes(16).toString('base64url'),
  secret: () => randomBytes(32).toString('base64url'),
};
