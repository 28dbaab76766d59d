import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '../domain/secret.ts';
import type { Sealing } from '../ports/sealing.ts';
import { hmacSha256 } from './hmac.ts';

/** Names the master key's generation in front of every sealed word, so that another can take over. */
const keyId = 'k1';

/** Sealing under one 32-byte master key (base64url), from which a key per purpose is derived. RFC 5869, NIST SP 800-38D. */
export function openSealing(master: Secret<'key'>): Sealing {
  const root = Buffer.from(master.reveal(), 'base64url');
  if (root.length !== 32) throw new RangeError('the installation key must be 32 bytes as base64url');
  const derived = new Map<string, Buffer>();

  function keyFor(use: 'mac' | 'seal', purpose: string): Buffer {
    const label = `drawbridge ${use} ${purpose}`;
    const known = derived.get(label);
    if (known !== undefined) return known;
    const key = Buffer.from(hkdfSync('sha256', root, new Uint8Array(32), label, 32));
    derived.set(label, key);
    return key;
  }

  const macs = new Map<string, (value: string) => string>();
  const macFor = (purpose: string): ((value: string) => string) => {
    const made = hmacSha256(keyFor('mac', purpose));
    macs.set(purpose, made);
    return made;
  };

  return {
    mac: (purpose, value) => (macs.get(purpose) ?? macFor(purpose))(value),
    seal: (purpose, plaintext) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', keyFor('seal', purpose), nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return `${keyId}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open: (purpose, sealed) => {
      const [id, word] = sealed.split('.');
      if (id !== keyId || word === undefined) return null;
      const bytes = Buffer.from(word, 'base64url');
      if (bytes.length < 28) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', keyFor('seal', purpose), bytes.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
