import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyRefused, readParameters } from '../../src/http/body.ts';

/** Texts made of what forms are made of, whole and broken; ASCII, since node mistakes other characters beside a broken escape. */
const pieces = fc.constantFrom('&', '=', '+', '%', '%20', '%41', '%e2%82%ac', '%c3', '%zz', '%2', 'a', 'b', 'scope', ' ', '?', '#');
const forms = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));

const isText = (encoded: string): boolean => {
  try {
    decodeURIComponent(encoded.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
    return true;
  } catch {
    return false;
  }
};

describe('the parameters of a form', () => {
  it('are what the URL standard says, name by name and value by value, or the form is refused', () => {
    fc.assert(
      fc.property(forms, (text) => {
        // The standard drops a question mark at the very beginning, where a body has none.
        fc.pre(!text.startsWith('?'));
        if (!isText(text)) return void expect(() => readParameters(text)).toThrow(BodyRefused);
        const standard = new URLSearchParams(text);
        const { values, repeated, all } = readParameters(text);
        const names = [...new Set(standard.keys())];
        for (const name of names) expect(all(name)).toEqual(standard.getAll(name));
        expect([...repeated].sort()).toEqual(names.filter((name) => standard.getAll(name).length > 1).sort());
        const first = names.map((name) => [name, standard.get(name)] as const).filter(([, value]) => value !== '');
        expect({ ...values }).toEqual(Object.fromEntries(first));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are at most a hundred, however many separators stand between them', () => {
    const of = (count: number) => Array.from({ length: count }, (_, n) => `p${n}=1`).join('&&&');
    expect(Object.keys(readParameters(of(100)).values)).toHaveLength(100);
    expect(() => readParameters(of(101))).toThrow(BodyRefused);
  });

  it('may be called like what every object has', () => {
    const { values } = readParameters('__proto__=a&constructor=b');
    expect(values['__proto__']).toBe('a');
    expect(values['constructor']).toBe('b');
  });
});
