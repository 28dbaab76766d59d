import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hmacSha256 } from '../../src/platform/hmac.ts';

describe('hmacSha256', () => {
  it('agrees with the library for every key of at most a block and every text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'binary', maxLength: 500 }), (key, text) => {
        expect(hmacSha256(key)(text)).toBe(createHmac('sha256', key).update(text).digest('base64url'));
      }),
      { numRuns: 500 },
    );
  });

  // RFC 4231 §4.2, §4.3
  it.each([
    ['0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      Buffer.from('Jefe').toString('hex'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
  ])('gives the published answer under %s', (key, text, expected) => {
    expect(hmacSha256(Buffer.from(key, 'hex'))(text)).toBe(Buffer.from(expected, 'hex').toString('base64url'));
  });

  it('refuses a key that would have to be hashed first', () => {
    expect(() => hmacSha256(new Uint8Array(65))).toThrow(RangeError);
  });
});
