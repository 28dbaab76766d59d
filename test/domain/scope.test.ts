import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPermitted, parseScope, permittedScope, requestedScope } from '../../src/domain/scope.ts';
import { makeResource } from '../support/gateway-world.ts';

const resource = makeResource('http://localhost:4000/mcp', 'http://localhost:4002/mcp');

describe('the scope parameter', () => {
  it.each<[string, string, string[] | null]>([
    ['nothing', '', []],
    ['one', 'read', ['read']],
    ['two, in order', 'write read', ['write', 'read']],
    ['sloppy spacing', '  read   write ', ['read', 'write']],
    ['a repeat', 'read write read', ['read', 'write']],
    ['every mark that is legal', "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~"]],
    ['a double quote', 'read "write"', null],
    ['a backslash', 'read\\write', null],
    ['a tab between', 'read\twrite', null],
    ['a line end', 'read\nwrite', null],
    ['a NUL', 'read\u0000', null],
    ['beyond ASCII', 'r\u00e9ad', null],
    ['a hundred', Array.from({ length: 100 }, (_, n) => `s${n}`).join(' '), Array.from({ length: 100 }, (_, n) => `s${n}`)],
    ['more than a hundred', Array.from({ length: 101 }, (_, n) => `s${n}`).join(' '), null],
    ['too long', 'x'.repeat(4001), null],
  ])('%s', (_, text, values) => {
    expect(parseScope(text)).toEqual(values);
  });
});

describe('what a request asks of a resource', () => {
  it.each<[string, string[], string[]]>([
    ['what it knows, in the order asked', ['notes:write', 'notes:read'], ['notes:write', 'notes:read']],
    ['[A7.08] what it does not know is left out', ['calendar:read', 'notes:write', 'offline_access'], ['notes:write']],
    ['[A9.01] nothing means the baseline', [], ['notes:read']],
    ['nothing it knows means the baseline', ['offline_access'], ['notes:read']],
    ['a star means nothing special', ['*'], ['notes:read']],
  ])('%s', (_, asked, wanted) => {
    expect(requestedScope(resource, asked)).toEqual(wanted);
  });
});

describe('what somebody can be given', () => {
  const permissions = fc.subarray(['notes.read', 'notes.write', 'notes.delete', 'other']);
  const scope = fc.subarray(['notes:read', 'notes:write', 'notes:export', 'unknown', 'offline_access']);

  it('is part of what was asked, holds nothing the role lacks, and grows only with the role [A9.03] [AB-12]', () => {
    fc.assert(
      fc.property(scope, permissions, permissions, (asked, held, more) => {
        const given = permittedScope(resource, asked, held);
        for (const name of asked) {
          const known = resource.scopes.find((entry) => entry.name === name);
          expect(given.includes(name)).toBe(known !== undefined && isPermitted(known, held));
        }
        expect(asked).toEqual(expect.arrayContaining(given));
        expect(permittedScope(resource, asked, [...held, ...more])).toEqual(expect.arrayContaining(given));
      }),
    );
  });

  it('a viewer is given no writing scope [AB-13]', () => {
    expect(permittedScope(resource, ['notes:read', 'notes:write'], ['notes.read'])).toEqual(['notes:read']);
    expect(permittedScope(resource, ['notes:read', 'notes:write'], ['notes.read', 'notes.write'])).toEqual(['notes:read', 'notes:write']);
  });
});
