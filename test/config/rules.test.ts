import { describe, expect, it } from '@jest/globals';
import { directoryOf } from '../../src/config/directory.ts';
import { validate } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import { exampleDocument } from '../support/example-config.ts';

type Json = Record<string, unknown>;

const roles = [
  { id: 'user', name: 'User' },
  { id: 'boss', name: 'Boss', permissions: ['notes:read', 'drawbridge:people'] },
];
const connections = [{ id: 'corp', type: 'oidc', name: 'Corp', issuer: 'https://idp.example.com', client_id: 'us', client_secret: 'CNRY' }];
const withRules = (rules: unknown, more: Json = {}) =>
  validate(exampleDocument({ connections, roles, tenants: [{ id: 'acme', name: 'Acme', rules, ...more }] }));

function problems(...rules: unknown[]): string[] {
  try {
    withRules(rules);
  } catch (problem) {
    if (!(problem instanceof ConfigProblems)) throw problem;
    expect(problem.message).not.toContain('CNRY');
    return problem.problems.map(({ key, problem: says }) => `${key.replace('tenants[0].', '')}: ${says}`);
  }
  return [];
}

const where = [{ claim: '/department', is: ['Finance'] }];

it('a rule is carried over as it is written', () => {
  const written = [
    { group: 'eng', role: 'user' },
    { connection: 'corp', group: 'eng-*', where, role: 'user', until: '2027-01-31T19:00:00+01:00' },
    { where, deny: 'user' },
    { group: 'leavers', deny: '*' },
  ];
  expect(directoryOf(withRules(written)).tenants[0]?.rules).toEqual([
    { connectionId: null, group: 'eng', role: 'user' },
    { connectionId: 'corp', group: 'eng-*', where, role: 'user', until: Date.UTC(2027, 0, 31, 18) },
    { connectionId: null, where, deny: 'user' },
    { connectionId: null, group: 'leavers', deny: '*' },
  ]);
});

describe('a rule that is none', () => {
  it.each<[string, Json, string]>([
    ['about nobody', { role: 'user' }, 'rules[0].group: is required, or where'],
    ['doing nothing', { group: 'g' }, 'rules[0].role: is required, or deny'],
    ['doing both', { group: 'g', role: 'user', deny: 'user' }, 'rules[0].deny: and role exclude each other'],
    ['a deny that ends', { group: 'g', deny: '*', until: '2027-01-01T00:00:00Z' }, 'rules[0].until: has no use with deny'],
    ['denying what is no role', { group: 'g', deny: 'cnry' }, 'rules[0].deny: is not the id of a role'],
    ['denying by a pattern', { group: 'g', deny: 'CNRY*' }, 'rules[0].deny: must be the id of a role, or *'],
    ['no condition', { where: [], role: 'user' }, 'rules[0].where: is too small or too short, at least 1'],
    [
      'a condition on nothing',
      { where: [{ claim: '/a', is: [] }], role: 'user' },
      'rules[0].where[0].is: is too small or too short, at least 1',
    ],
    [
      'a condition that is no pointer',
      { where: [{ claim: 'CNRY', is: ['x'] }], role: 'user' },
      'rules[0].where[0].claim: must be a JSON pointer such as /groups',
    ],
    [
      'a pointer with a wrong escape',
      { where: [{ claim: '/a~2', is: ['x'] }], role: 'user' },
      'rules[0].where[0].claim: must be a JSON pointer such as /groups',
    ],
    [
      'what people write themselves [W68]',
      { where: [{ claim: '/user_metadata/role', is: ['x'] }], role: 'user' },
      'rules[0].where[0].claim: must not be where people write about themselves',
    ],
    [
      'what people write themselves, all of it [W68]',
      { where: [{ claim: '/raw_user_meta_data', is: ['x'] }], role: 'user' },
      'rules[0].where[0].claim: must not be where people write about themselves',
    ],
    [
      'more than twenty conditions',
      { where: Array.from({ length: 21 }, () => where[0]), role: 'user' },
      'rules[0].where: is too big or too long, at most 20',
    ],
    [
      'a pattern without bounds [W125]',
      { group: 'a*'.repeat(500_000), role: 'user' },
      'rules[0].group: is too big or too long, at most 300',
    ],
    ['a pattern of many stars [W125]', { group: 'a*'.repeat(11), role: 'user' }, 'rules[0].group: must not contain more than ten *'],
    [
      'a value without bounds [W125]',
      { where: [{ claim: '/a', is: ['a*'.repeat(500_000)] }], role: 'user' },
      'rules[0].where[0].is[0]: is too big or too long, at most 300',
    ],
    [
      'an end without a time',
      { group: 'g', role: 'user', until: '2027-01-01' },
      'rules[0].until: must be a date and time such as 2027-01-31T18:00:00Z',
    ],
    ['a number for a value', { where: [{ claim: '/a', is: [5] }], role: 'user' }, 'rules[0].where[0].is[0]: must be text'],
    ['an expression [W125]', { group: 'g', when: 'process.exit()', role: 'user' }, 'rules[0].when: is not a known key'],
  ])('%s', (_, rule, problem) => {
    expect(problems(rule)).toEqual([problem]);
  });

  it('more than five hundred', () => {
    const rules = (length: number) => Array.from({ length }, () => ({ group: 'g', role: 'user' }));
    expect(problems(...rules(501))).toEqual(['rules: is too big or too long, at most 500']);
    expect(problems(...rules(500))).toEqual([]);
  });
});

describe('a pattern makes nobody an administrator [W69]', () => {
  const refused = 'must not contain a wildcard where the role is an administrator’s';
  const all = { claim: '/department', is: ['*'] };
  it.each<[string, Json, string[]]>([
    ['a star', { group: '*', role: 'boss' }, [`rules[0].group: ${refused}`]],
    ['a star somewhere', { group: 'it-*-admins', role: 'boss' }, [`rules[0].group: ${refused}`]],
    ['a star beside an exact claim', { group: 'it-*', where, role: 'boss' }, [`rules[0].group: ${refused}`]],
    ['only a claim with a star', { where: [all], role: 'boss' }, [`rules[0].where: ${refused}`]],
    ['a claim of several, one with a star', { where: [{ claim: '/a', is: ['x', 'y*'] }], role: 'boss' }, [`rules[0].where: ${refused}`]],
    ['an exact group', { group: 'it-admins', role: 'boss' }, []],
    ['an exact group beside a star', { group: 'it-admins', where: [all], role: 'boss' }, []],
    ['an exact claim beside a star', { where: [all, ...where], role: 'boss' }, []],
    ['a star for everybody else', { group: '*', role: 'user' }, []],
    ['ten stars for everybody else', { group: 'a*'.repeat(10), role: 'user' }, []],
    ['a star that denies', { group: 'guest-*', deny: 'boss' }, []],
  ])('%s', (_, rule, found) => {
    expect(problems(rule)).toEqual(found);
  });
});
