import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/domain/digest.ts';
import { isCodeChallenge, isCodeVerifier, verifierMatches } from '../../src/domain/pkce.ts';

// RFC 7636 appendix B.
const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const code_challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('PKCE', () => {
  it('the example of RFC 7636 matches', () => {
    expect(verifierMatches(code_verifier, code_challenge)).toBe(true);
  });

  it.each<[string, string, boolean]>([
    ['42 characters', 'a'.repeat(42), false],
    ['43 characters', 'a'.repeat(43), true],
    ['128 characters', 'a'.repeat(128), true],
    ['129 characters', 'a'.repeat(129), false],
    ['every unreserved mark', `${'a'.repeat(40)}-._~`, true],
    ['a plus', `${'a'.repeat(43)}+`, false],
    ['a slash', `${'a'.repeat(43)}/`, false],
    ['padding', `${'a'.repeat(43)}=`, false],
    ['a space', `${'a'.repeat(43)} `, false],
    ['a line end', `${'a'.repeat(43)}\n`, false],
    ['a letter beyond ASCII', `${'a'.repeat(43)}\u00e9`, false],
    ['nothing', '', false],
  ])('a verifier with %s [A6.03]', (_, verifier, usable) => {
    expect(isCodeVerifier(verifier)).toBe(usable);
    // Also a challenge made of an unusable verifier does not make it match.
    expect(verifierMatches(verifier, sha256(verifier))).toBe(usable);
  });

  it.each<[string, string, boolean]>([
    ['43 characters', code_challenge, true],
    ['42', code_challenge.slice(1), false],
    ['44', `${code_challenge}A`, false],
    ['standard base64', code_challenge.replace('-', '+'), false],
    ['padding', `${code_challenge.slice(0, 42)}=`, false],
    ['a line end behind', `${code_challenge}\n`, false],
  ])('a challenge with %s [A6.03]', (_, challenge, usable) => {
    expect(isCodeChallenge(challenge)).toBe(usable);
  });

  it('a challenge is not its own verifier, and no verifier matches the challenge of another', () => {
    const verifiers = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~'), minLength: 43, maxLength: 128 });
    fc.assert(
      fc.property(verifiers, verifiers, (one, other) => {
        expect(verifierMatches(one, sha256(one))).toBe(true);
        expect(verifierMatches(sha256(one), sha256(one))).toBe(false);
        expect(verifierMatches(one, one)).toBe(false);
        expect(verifierMatches(one, sha256(other))).toBe(one === other);
      }),
    );
  });
});
