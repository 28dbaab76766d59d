import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GrantId } from '../../src/domain/ids.ts';
import { codeOf, readCode, readRefreshToken, refreshTokenOf } from '../../src/domain/token-format.ts';

const macUnder = (key: string) => (purpose: string, value: string) =>
  createHmac('sha256', key).update(`${purpose}\n${value}`).digest('base64url');
const mac = macUnder('one key');
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const ids = fc.string({ unit: fc.constantFrom(...base64url), minLength: 22, maxLength: 22 }).map((id) => GrantId.parse(id));
const generations = fc.integer({ min: 1, max: 999_999_999_999_999 });

/** A word with one character replaced by another. */
const spoiled = (word: string) =>
  fc
    .tuple(fc.nat({ max: word.length - 1 }), fc.constantFrom(...base64url, '.', '=', ' ', '0'))
    .filter(([at, character]) => word[at] !== character)
    .map(([at, character]) => word.slice(0, at) + character + word.slice(at + 1));

describe('codes and refresh tokens', () => {
  it('read back as what they were made of, the same each time they are made', () => {
    fc.assert(
      fc.property(ids, generations, (id, generation) => {
        expect(readCode(codeOf(id, mac).reveal(), mac)).toBe(id);
        expect(codeOf(id, mac).reveal()).toBe(codeOf(id, mac).reveal());
        const word = refreshTokenOf(id, generation, mac).reveal();
        expect(word).toBe(refreshTokenOf(id, generation, mac).reveal());
        expect(readRefreshToken(word, mac)).toEqual({ grantId: id, generation });
      }),
    );
  });

  it('no other spelling of one is one', () => {
    const words = fc.tuple(ids, generations).chain(([id, generation]) => {
      const [code, token] = [codeOf(id, mac).reveal(), refreshTokenOf(id, generation, mac).reveal()];
      return fc.tuple(spoiled(code), spoiled(token));
    });
    fc.assert(
      fc.property(words, ([code, token]) => {
        expect(readCode(code, mac)).toBeNull();
        expect(readRefreshToken(token, mac)).toBeNull();
      }),
    );
  });

  const id = GrantId.parse('g'.repeat(22));
  const [code, token] = [codeOf(id, mac).reveal(), refreshTokenOf(id, 7, mac).reveal()];

  it.each<[string, string]>([
    ['nothing', ''],
    ['a space before', ` ${token}`],
    ['a line end behind', `${token}\n`],
    ['padding', `${token}=`],
    ['two of them', `${token}${token}`],
    ['another generation with the tag of this one', token.replace('.7.', '.8.')],
    ['a generation with a zero before it', token.replace('.7.', '.07.')],
    ['a generation in another script', token.replace('.7.', '.\u0667.')],
    ['a generation beyond counting', token.replace('.7.', `.${'9'.repeat(16)}.`)],
    ['another grant with the tag of this one', token.replace('g'.repeat(22), 'h'.repeat(22))],
    ['no tag', token.slice(0, token.lastIndexOf('.') + 1)],
    ['a code', code],
    ['a code under the name of a refresh token', code.replace('db_ac_', 'db_rt_')],
    ['an endless word', `${token}${'A'.repeat(100_000)}`],
  ])('a refresh token is not %s', (_, word) => {
    expect(readRefreshToken(token, mac)).not.toBeNull();
    expect(readRefreshToken(word, mac)).toBeNull();
  });

  it('one made under another key, or for the other purpose, is nothing', () => {
    const other = macUnder('another key');
    expect(readCode(codeOf(id, other).reveal(), mac)).toBeNull();
    expect(readRefreshToken(refreshTokenOf(id, 7, other).reveal(), mac)).toBeNull();
    expect(readCode(`db_ac_${id}.${mac('refresh_token', id)}`, mac)).toBeNull();
    expect(readCode(`db_ac_${id}.${mac('code', id)}`, mac)).toBe(id);
  });
});
