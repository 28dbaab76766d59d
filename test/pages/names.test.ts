import { describe, expect, it } from '@jest/globals';
import { displayName, isCut, plainText, quotedName, withArticle } from '../../src/pages/names.ts';

describe('names from outside', () => {
  it.each([
    ['direction characters', 'Acme \u202Eelpmaxe\u2066.x\u2069', 'Acme elpmaxe.x'],
    ['control characters', 'A\u0000c\u0007me\u009F', 'Acme'],
    ['zero-width and tag characters', 'Ac\u200B\u200D\uFEFFme\u{E0041}', 'Acme'],
    ['line and paragraph breaks', 'Acme\r\n\u2028\u2029 Inc', 'Acme Inc'],
    ['unpaired surrogates', 'Ac\uD800me', 'Acme'],
    ['towers of marks', `Z${'\u0336'.repeat(40)}y`, `Z${'\u0336'.repeat(3)}y`],
    ['nothing visible at all', '\u202E\u200B ', '(no name)'],
    ['ordinary writing', 'Żółć 株式会社 مثال 🏰', 'Żółć 株式会社 مثال 🏰'],
  ])('%s', (_, given, shown) => {
    expect(displayName(given)).toBe(shown);
  });

  it('are cut at 60 characters, never through one, and stay whole as plain text [S6.03]', () => {
    expect([...displayName('🏰'.repeat(61))]).toEqual([...'🏰'.repeat(60), '…']);
    expect(displayName('x'.repeat(60))).toBe('x'.repeat(60));
    expect(isCut('x'.repeat(61))).toBe(true);
    expect(isCut('x'.repeat(60))).toBe(false);
    expect(plainText('x'.repeat(300))).toHaveLength(300);
  });

  it('cannot close the quotation marks around an unverified name', () => {
    expect(quotedName('Acme” is verified “')).toBe('“Acme’ is verified ’”');
  });

  it('take the article their first letter asks for', () => {
    expect([withArticle('Editor'), withArticle('Viewer')]).toEqual(['an Editor', 'a Viewer']);
  });
});
