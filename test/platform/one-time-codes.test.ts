import { describe, expect, it } from '@jest/globals';
import { URI } from 'otpauth';
import { oneTimeCodes } from '../../src/platform/one-time-codes.ts';

const secret = oneTimeCodes.secretFrom(Buffer.from('12345678901234567890'));

describe('one-time codes', () => {
  // RFC 6238 appendix B, the last six of its eight digits.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at second %d are those of the specification', (second, code) => {
    expect(oneTimeCodes.codeAt(secret, Math.floor(second / 30))).toBe(code);
  });

  it('are in the address as apps read it, whatever the names', () => {
    const address = oneTimeCodes.address(secret, { issuer: 'Acme & Co: x', account: 'ana+x@acme.example' });
    expect(URI.parse(address)).toMatchObject({
      issuer: 'Acme & Co x',
      label: 'ana+x@acme.example',
      digits: 6,
      period: 30,
      algorithm: 'SHA1',
    });
    expect(URI.parse(address).secret.base32).toBe(secret);
    expect(address).not.toMatch(/\s/);
  });
});
