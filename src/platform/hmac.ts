import { hash } from 'node:crypto';

const blockBytes = 64;

const padded = (key: Uint8Array, pad: number): Buffer => {
  const block = Buffer.alloc(blockBytes, pad);
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad;
  return block;
};

/**
 * HMAC-SHA-256 under one key of at most 64 bytes, as base64url. RFC 2104 §2. The library's object for it costs several times what its two
 * hashes do, and every request makes two or three of them.
 */
export function hmacSha256(key: Uint8Array): (value: string) => string {
  if (key.length > blockBytes) throw new RangeError('a longer key would have to be hashed first');
  const inner = padded(key, 0x36);
  const outer = padded(key, 0x5c);
  return (value) => {
    const digest = hash('sha256', Buffer.concat([inner, Buffer.from(value)]), 'buffer');
    return hash('sha256', Buffer.concat([outer, digest]), 'base64url');
  };
}
