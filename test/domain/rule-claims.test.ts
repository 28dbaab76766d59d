import { describe, expect, it } from '@jest/globals';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import { memberAt } from '../../src/domain/json-pointer.ts';
import type { Said } from '../../src/domain/received-claims.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import { claimsFor, claimsToldAgain, isWrittenByPeople, pointersOf } from '../../src/domain/rule-claims.ts';

const token = (claims: Said['claims']): Said => ({ from: 'ID token', claims });
const at = (pointer: string, ...said: Said[]) => claimsFor([pointer], said)[pointer];

describe('what a rule is told of a claim', () => {
  it.each<[string, unknown, string[] | undefined]>([
    ['a text', 'Finance', ['Finance']],
    ['an empty text', '', ['']],
    ['a number', 5, ['5']],
    ['true', true, ['true']],
    ['false', false, ['false']],
    ['a list', ['a', 7, true], ['a', '7', 'true']],
    ['the same twice', ['a', 'a'], ['a']],
    ['an empty list', [], []],
    ['null', null, []],
    ['an object', { $in: ['admin'] }, []],
    ['a list with more than text', ['admin', { $in: [] }], undefined],
    ['a list in a list', [['admin']], undefined],
    ['a list with null', ['admin', null], undefined],
    ['the longest list', Array.from({ length: 200 }, (_, index) => index), Array.from({ length: 200 }, (_, index) => `${index}`)],
    ['a longer one', Array.from({ length: 201 }, (_, index) => index), undefined],
    ['the longest text', 'x'.repeat(256), ['x'.repeat(256)]],
    ['a longer one', 'x'.repeat(257), undefined],
  ])('%s', (_, value, expected) => {
    expect(at('/it', token({ it: value }))).toEqual(expected);
  });

  it('nothing where there is no such claim, and unknown where it is kept elsewhere [W68]', () => {
    expect(at('/it', token({ other: 'x' }))).toEqual([]);
    expect(at('/it/inner', token({ it: 'x' }))).toEqual([]);
    expect(at('/it', token({ _claim_names: { it: 'src1' } }))).toBeUndefined();
    expect(at('/it/inner', token({ _claim_names: { it: 'src1' } }))).toBeUndefined();
    expect(at('/it', token({ _claim_names: { other: 'src1' } }))).toEqual([]);
  });

  it('what the ID token says is said, in whatever order it came', () => {
    const said: Said[] = [
      { from: 'access token', claims: { it: 'three', only: '3' } },
      token({ it: 'one', nested: { a: 1 } }),
      { from: 'userinfo', claims: { it: 'two', nested: { a: 2, b: 2 }, more: '2', only: '2' } },
    ];
    for (const order of [said, said.toReversed()]) {
      expect(claimsFor(['/it', '/more', '/only', '/nested/a', '/nested/b'], order)).toEqual({
        '/it': ['one'],
        '/more': ['2'],
        '/only': ['2'],
        '/nested/a': ['1'],
        '/nested/b': [],
      });
    }
  });

  it('nothing that people wrote of themselves, and no word of it either [W68]', () => {
    expect(
      claimsFor(
        ['/user_metadata/role', '/app_metadata/role'],
        [token({ user_metadata: { role: 'admin' }, app_metadata: { role: 'user' } })],
      ),
    ).toEqual({
      '/app_metadata/role': ['user'],
    });
    expect(['/user_metadata', '/user_metadata/a', '/raw_user_meta_data/a'].map(isWrittenByPeople)).toEqual([true, true, true]);
    expect(['/app_metadata/user_metadata', '/user_metadata2', '/'].map(isWrittenByPeople)).toEqual([false, false, false]);
  });

  it('no text with commas, another case or a space is a value that only looks like it [W68]', () => {
    const rules = {
      rules: [{ connectionId: null, where: [{ claim: '/role', is: ['admin'] }], role: RoleId.parse('admin') }],
      members: [],
      defaultRole: null,
    };
    const roles = (role: unknown) =>
      mapRoles(rules, {
        connectionId: ConnectionId.parse('c'),
        subject: 's',
        groups: [],
        claims: claimsFor(pointersOf([rules]), [token({ role })]),
      });
    for (const role of [
      'a,admin',
      ' admin',
      'Admin',
      'admin\n',
      ['a,admin'],
      { admin: true },
      { $in: ['admin'] },
      [['admin']],
      null,
      undefined,
    ]) {
      expect([role, roles(role)]).toEqual([role, []]);
    }
    expect(roles('admin')).toHaveLength(1);
    expect(roles(['x', 'admin'])).toHaveLength(1);
  });
});

describe('a JSON pointer', () => {
  const document = JSON.parse('{"a":{"b/c":1,"d~e":2,"":3},"list":[{"x":4},5],"__proto__":{"y":6},"n":null}') as unknown;
  it.each<[string, unknown]>([
    ['/a/b~1c', 1],
    ['/a/d~0e', 2],
    ['/a/', 3],
    ['/list/0/x', 4],
    ['/list/1', 5],
    ['/list/01', undefined],
    ['/list/length', undefined],
    ['/list/-', undefined],
    ['/__proto__/y', 6],
    ['/a/__proto__', undefined],
    ['/a/constructor', undefined],
    ['/n', null],
    ['/n/x', undefined],
    ['/missing', undefined],
  ])('%s', (pointer, value) => {
    expect(memberAt(document, pointer)).toEqual(value);
  });
});

it('the places rules look at are each named once', () => {
  const rule = (...claims: string[]) => ({ connectionId: null, where: claims.map((claim) => ({ claim, is: ['x'] })), deny: '*' as const });
  expect([...pointersOf([{ rules: [rule('/a', '/b'), { connectionId: null, group: 'g', deny: '*' }] }, { rules: [rule('/b')] }])]).toEqual([
    '/a',
    '/b',
  ]);
});

describe('what is told again', () => {
  const pointers = ['/department', '/realm/roles', '/user_metadata/role'];
  const again = (claims: object, leavesOut: 'any' | readonly string[] = []) =>
    claimsToldAgain(pointers, { said: [{ from: 'ID token', claims: { ...claims } }], leavesOut });

  it.each<[string, object, 'any' | readonly string[], object]>([
    ['as it is told', { department: 'it', realm: { roles: ['a'] } }, 'any', { '/department': ['it'], '/realm/roles': ['a'] }],
    ['gone where nothing is left out', {}, [], { '/department': [], '/realm/roles': [] }],
    ['not told where anything may be', {}, 'any', { '/department': null, '/realm/roles': null }],
    ['not told where this may be', { realm: {} }, ['realm'], { '/department': [], '/realm/roles': null }],
    ['gone where it is there and empty', { department: '', realm: { roles: null } }, 'any', { '/department': [''], '/realm/roles': [] }],
    ['not told where it is elsewhere', { _claim_names: { department: 'src1' } }, [], { '/department': null, '/realm/roles': [] }],
    ['not told where it cannot be compared', { department: [{}] }, [], { '/department': null, '/realm/roles': [] }],
  ])('is %s, and nothing that people write themselves', (_what, claims, leavesOut, told) => {
    expect(again({ ...claims, user_metadata: { role: 'admin' } }, leavesOut)).toEqual(told);
  });
});
