import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPage } from '../../src/domain/scim-documents.ts';
import { parseFilter, parseTarget } from '../../src/domain/scim-filter.ts';
import { demanded, matches } from '../../src/domain/scim-match.ts';
import { ScimRefusal } from '../../src/domain/scim-refusal.ts';

const ana = {
  id: 'AbC',
  userName: 'Ana.O’Neil+test@Acme.example',
  externalId: '00uA',
  active: true,
  displayName: 'Ana "the Ann" O’Neil',
  name: { givenName: 'Ana' },
  emails: [
    { value: 'ana@acme.example', type: 'work', primary: true },
    { value: 'home@ana.example', type: 'home' },
  ],
};

const isMatch = (filter: string) => matches(parseFilter(filter), ana);

function refusalOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    if (error instanceof ScimRefusal) return error.scimType;
    throw error;
  }
}

describe('a filter', () => {
  it.each<[string, string, boolean]>([
    ['what Okta looks people up by, in another case', 'userName eq "ANA.O’NEIL+TEST@acme.EXAMPLE"', true],
    ['somebody else', 'userName eq "bo@acme.example"', false],
    ['the name of an attribute in any case', 'USERNAME Eq "ana.o’neil+test@acme.example"', true],
    ['a quote inside a text, escaped', 'displayName eq "ana \\"the ann\\" o’neil"', true],
    [
      'an attribute with the schema before it',
      'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ana.o’neil+test@acme.example"',
      true,
    ],
    ['an external id, to the letter', 'externalId eq "00uA"', true],
    ['an external id in another case', 'externalId eq "00UA"', false],
    ['an id in another case', 'id eq "abc"', false],
    ['what Entra looks for by an address', 'emails[type eq "work"].value eq "ana@acme.example"', true],
    ['type and address of different entries', 'emails[type eq "home"].value eq "ana@acme.example"', false],
    ['two conditions on one entry', 'emails[type eq "work" and value eq "ana@acme.example"]', true],
    ['two conditions on different entries', 'emails[type eq "home" and value eq "ana@acme.example"]', false],
    ['any of the addresses', 'emails eq "home@ana.example"', true],
    ['a part of an object', 'name.givenName eq "ana"', true],
    ['a truth', 'active eq true', true],
    ['a truth as a text', 'active eq "True"', true],
    ['the other truth', 'active eq false', false],
    ['that something is there', 'emails pr and displayName pr', true],
    ['that something is not there', 'title pr', false],
    ['and before or', 'id eq "x" or id eq "AbC" and active eq true', true],
    ['parentheses', '(id eq "x" or id eq "AbC") and active eq false', false],
    ['an attribute that nobody has', 'toString pr', false],
    ['one of another schema', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName pr', false],
  ])('%s: %s', (_, filter, expected) => {
    expect(isMatch(filter)).toBe(expected);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['an operator that is not understood', 'userName sw "a"'],
    ['a regular expression', 'userName regex "(a+)+$"'],
    ['not', 'not (active eq true)'],
    ['an operator of a database', '$where eq "1"'],
    ['an operator of a database inside', 'userName.$ne eq "1"'],
    ['a text in single quotes', "userName eq 'ana'"],
    ['a text without an end', 'userName eq "ana'],
    ['an object', 'userName eq {"$gt":""}'],
    ['a bracket without an end', 'emails[type eq "work"'],
    ['a parenthesis without an end', '(active eq true'],
    ['words behind the end', 'active eq true drop'],
    ['no value', 'userName eq'],
    ['a wrong escape', 'userName eq "\\x"'],
    ['21 terms', Array.from({ length: 21 }, () => 'id eq "1"').join(' or ')],
    ['ten thousand terms', Array.from({ length: 10_000 }, () => 'id eq "1"').join(' or ')],
    ['a thousand and one characters', `id eq "${'a'.repeat(993)}"`],
    ['eleven parentheses', `${'('.repeat(11)}id pr${')'.repeat(11)}`],
  ])('is refused with %s [W129]', (_, filter) => {
    expect(refusalOf(() => parseFilter(filter))).toBe('invalidFilter');
  });

  it('takes as much as there may be: twenty terms, a thousand characters, ten parentheses [W129]', () => {
    expect(isMatch(Array.from({ length: 20 }, () => 'id eq "AbC"').join(' and '))).toBe(true);
    expect(isMatch(`id eq "${'a'.repeat(992)}"`)).toBe(false);
    expect(isMatch(`${'('.repeat(10)}id pr${')'.repeat(10)}`)).toBe(true);
  });

  it('ends with a filter or with its refusal, and soon, whatever it is [W129]', () => {
    const word = fc.constantFrom(
      'userName',
      'eq',
      'and',
      'or',
      'pr',
      '(',
      ')',
      '[',
      ']',
      '"a"',
      '"',
      '\\',
      'emails',
      '.value',
      'true',
      '1e9',
      '$where',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 1200 }),
          fc.array(word, { maxLength: 60 }).map((words) => words.join(' ')),
        ),
        (text) => {
          expect([null, 'invalidFilter']).toContain(refusalOf(() => isMatch(text)));
          expect([null, 'invalidPath']).toContain(refusalOf(() => parseTarget(text)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('says which one row is meant, if it does', () => {
    const asked = (filter: string, attribute = 'id') => demanded(parseFilter(filter), attribute);
    expect(asked('id eq "1" and members eq "2"')).toBe('1');
    expect(asked('id eq "1" and members eq "2"', 'members')).toBe('2');
    expect(asked('members[value eq "2"]', 'members')).toBe('2');
    expect(asked('id eq "1" or members eq "2"')).toBeNull();
    expect(asked('emails[id eq "1"]')).toBeNull();
  });
});

describe('a page', () => {
  it.each<[string | undefined, string | undefined, number, number]>([
    [undefined, undefined, 1, 100],
    ['1', '2', 1, 2],
    ['0', '5', 1, 5],
    ['-7', '-7', 1, 0],
    ['3', '0', 3, 0],
    ['1', '1000000000', 1, 200],
  ])('from %s, %s of them: from %s, %s [W129]', (startIndex, count, from, most) => {
    expect(readPage(startIndex, count)).toEqual({ startIndex: from, count: most });
  });

  it.each(['x', '1.5', '1e9', '9'.repeat(16), ''])('is refused with %j [W129]', (text) => {
    expect(refusalOf(() => readPage(text, undefined))).toBe('invalidValue');
    expect(refusalOf(() => readPage(undefined, text))).toBe('invalidValue');
  });
});
