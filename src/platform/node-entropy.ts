import { randomBytes } from 'node:crypto';
import type { Entropy } from '../ports/entropy.ts';

/** One draw from the system costs as much as a hundred small ones, and every request takes several. */
const blockBytes = 4096;

/** The system's own generator, drawn from in blocks. Each byte is given out once and wiped where it lay. */
function openEntropy(): Entropy {
  let block = Buffer.alloc(0);
  let next = 0;

  function take(length: number): string {
    if (next + length > block.length) {
      block = randomBytes(blockBytes);
      next = 0;
    }
    const text = block.toString('base64url', next, next + length);
    block.fill(0, next, next + length);
    next += length;
    return text;
  }

  return {
    bytes: (length) => new Uint8Array(randomBytes(length)),
    id: () => take(16),
    secret: () => take(32),
  };
}

export const nodeEntropy: Entropy = openEntropy();
