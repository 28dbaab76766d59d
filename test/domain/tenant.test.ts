import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConnectionId, RoleId, TenantId } from '../../src/domain/ids.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import { leadsInto } from '../../src/domain/tenant.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';

const [okta, google] = [ConnectionId.parse('okta'), ConnectionId.parse('google')];
const [viewer, editor, admin] = [RoleId.parse('viewer'), RoleId.parse('editor'), RoleId.parse('admin')];

function tenant(changed: Partial<Tenant> = {}): Tenant {
  return { id: TenantId.parse('acme'), name: 'Acme', demand: noDemand, rules: [], members: [], defaultRole: null, ...changed };
}

const withRule = (group: string, connectionId: ConnectionId | null = null) => tenant({ rules: [{ group, role: editor, connectionId }] });
const gives = (pattern: string, group: string) =>
  mapRoles(withRule(pattern), { connectionId: okta, subject: 's', groups: [group], claims: {} }).length === 1;

describe('the connections that lead into a tenant', () => {
  const rule = (connectionId: ConnectionId | null) => ({ group: 'eng', role: editor, connectionId });
  const member = (connectionId: ConnectionId) => ({ connectionId, subject: 's', role: editor });
  it.each<[string, Partial<Tenant>, boolean, boolean]>([
    ['nothing names any', {}, true, true],
    ['a rule for every connection', { rules: [rule(null)] }, true, true],
    ['a rule names one', { rules: [rule(okta)] }, true, false],
    ['a member came through one', { members: [member(google)] }, false, true],
    ['a rule and a member name one each', { rules: [rule(okta)], members: [member(google)] }, true, true],
    ['one rule names one, another none', { rules: [rule(okta), rule(null)] }, true, true],
    ['everybody gets a role', { rules: [rule(okta)], defaultRole: viewer }, true, true],
    ['a rule that only denies names the other', { rules: [rule(okta), { connectionId: google, group: 'eng', deny: editor }] }, true, false],
    ['a rule that only denies', { rules: [{ connectionId: null, group: 'eng', deny: '*' }], members: [member(google)] }, false, true],
  ])('%s', (_, changed, byOkta, byGoogle) => {
    expect([leadsInto(tenant(changed), okta), leadsInto(tenant(changed), google)]).toEqual([byOkta, byGoogle]);
  });
});

describe('groups and rules', () => {
  it.each<[string, string, boolean]>([
    ['eng', 'eng', true],
    ['eng', 'Eng', false],
    ['eng', 'eng ', false],
    ['eng', ' eng', false],
    ['eng', 'engineering', false],
    ['eng', 'my-eng', false],
    ['eng', 'a,eng', false],
    ['eng', '\u0435ng', false],
    ['eng', 'eng\u0000', false],
    ['eng-*', 'eng-leads', true],
    ['eng-*', 'eng-', true],
    ['eng-*', 'eng', false],
    ['eng-*', 'my-eng-leads', false],
    ['*-admins', 'it-admins', true],
    ['*-admins', 'it-admins-2', false],
    ['eng-*-leads', 'eng-web-leads', true],
    ['eng-*-leads', 'eng--leads', true],
    ['eng-*-leads', 'eng-leads', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*a', 'aba', true],
    ['a*b*a', 'aaa', false],
    ['a*b*b', 'ab', false],
    ['a*b*b', 'abb', true],
    ['**', 'x', true],
    ['e.g', 'eng', false],
    ['e[n]g', 'eng', false],
    ['(eng)', 'eng', false],
    ['*', 'line\nline', true],
  ])('the rule %j and the group %j: %s', (pattern, group, matches) => {
    expect(gives(pattern, group)).toBe(matches);
  });

  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '(', '\n', '\\'), maxLength: 8 });

  it('a pattern without a star is one group and no other', () => {
    fc.assert(fc.property(letters, letters, (pattern, group) => expect(gives(pattern, group)).toBe(pattern === group)));
  });

  it('a star is any run of characters, anchored at both ends', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
    const patterns = fc.array(fc.oneof(letters, few), { minLength: 2, maxLength: 4 });
    const quoted = (part: string) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    fc.assert(
      fc.property(patterns, fc.array(letters, { maxLength: 4 }), fc.oneof(letters, few), (parts, filling, other) => {
        const pattern = parts.join('*');
        const filled = parts.map((part, index) => `${index === 0 ? '' : (filling[index - 1] ?? '')}${part}`).join('');
        expect(gives(pattern, filled)).toBe(true);
        expect(gives(pattern, other)).toBe(new RegExp(`^${parts.map(quoted).join('.*')}$`, 's').test(other));
      }),
      { numRuns: 500 },
    );
  });

  it('a pattern of many stars is judged at once', () => {
    const from = process.hrtime.bigint();
    expect(gives('a*'.repeat(140), 'a'.repeat(100_000) + 'b'.repeat(10))).toBe(true);
    expect(gives(`${'a*'.repeat(140)}c`, 'a'.repeat(100_000))).toBe(false);
    expect(Number(process.hrtime.bigint() - from) / 1e6).toBeLessThan(1000);
  });
});

describe('the roles a tenant gives', () => {
  const held = (where: Tenant, groups: string[], connectionId = okta, subject = 'ana') =>
    mapRoles(where, { connectionId, subject, groups, claims: {} }).map(({ role, rule }) => [role, rule]);

  it('a rule of one connection is nothing to another that has a group of that name', () => {
    expect(held(withRule('admins', okta), ['admins'])).toHaveLength(1);
    expect(held(withRule('admins', okta), ['admins'], google)).toEqual([]);
    expect(held(withRule('admins'), ['admins'], google)).toHaveLength(1);
  });

  it('every role is given once, for the first reason there is', () => {
    const where = tenant({
      members: [{ connectionId: okta, subject: 'ana', role: admin }],
      rules: [
        { group: 'eng', role: editor, connectionId: null },
        { group: 'e*', role: editor, connectionId: null },
        { group: 'it', role: admin, connectionId: null },
      ],
      defaultRole: viewer,
    });
    expect(held(where, ['it', 'eng'])).toEqual([
      ['admin', 'named member gets admin'],
      ['editor', 'rule 1: group eng gives editor'],
    ]);
    expect(held(where, ['it'], okta, 'bob')).toEqual([['admin', 'rule 3: group it gives admin']]);
  });

  it('a named member is named by connection and subject together', () => {
    const where = tenant({ members: [{ connectionId: okta, subject: 'ana', role: admin }] });
    expect(held(where, [])).toHaveLength(1);
    expect(held(where, [], google)).toEqual([]);
    expect(held(where, [], okta, 'Ana')).toEqual([]);
  });

  it('the default role is for those who got no other, and nobody without one', () => {
    const where = { ...withRule('eng'), defaultRole: viewer };
    expect(held(where, [])).toEqual([['viewer', 'everybody gets viewer']]);
    expect(held(where, ['eng'])).toEqual([['editor', 'rule 1: group eng gives editor']]);
    expect(held(withRule('eng'), [])).toEqual([]);
  });

  it('more groups never take a role of a rule away', () => {
    const where = tenant({
      rules: ['a*', '*b', 'ab'].map((group, n) => ({ group, role: [viewer, editor, admin][n] ?? viewer, connectionId: null })),
    });
    const groups = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }), { maxLength: 4 });
    const roles = (of: string[]) => held(where, of).map(([role]) => role);
    fc.assert(fc.property(groups, groups, (some, more) => expect(roles([...some, ...more])).toEqual(expect.arrayContaining(roles(some)))));
  });
});
