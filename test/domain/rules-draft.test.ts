/** Drafts of rules: what was typed, what it would be to everybody, and whose it is to give. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { differenceOf } from '../../src/domain/access-difference.ts';
import type { Directory } from '../../src/domain/directory.ts';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { MappingRule } from '../../src/domain/mapping-rule.ts';
import { accessOf } from '../../src/domain/role-access.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import { compareRules } from '../../src/domain/rules-comparison.ts';
import { blankRow, isRule, rebased, rowOf, ruleOf, rulesBeyond, sameRules } from '../../src/domain/rules-draft.ts';
import type { DraftRow } from '../../src/domain/rules-draft.ts';
import { losesAnything } from '../../src/domain/rules-preview.ts';
import { rolesOutOfReach } from '../../src/domain/rules-reach.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { Identity } from '../../src/domain/user.ts';

const role = (id: string): RoleId => RoleId.parse(id);
const okta = ConnectionId.parse('okta');
const acme = TenantId.parse('acme');

const roles = [
  { id: role('viewer'), name: 'Viewer', permissions: ['notes:read'] },
  { id: role('editor'), name: 'Editor', permissions: ['notes:read', 'notes:write'] },
  { id: role('admin'), name: 'Administrator', permissions: ['notes:read', 'drawbridge:read', 'drawbridge:rules'] },
  { id: role('platform'), name: 'Platform', permissions: ['drawbridge:read', 'drawbridge:platform'] },
];

const names = { roles, connections: [{ id: okta, name: 'Okta' }], areSeveral: false };

const gives = (group: string, id: string): MappingRule => ({ connectionId: null, group, role: role(id) });
const denies = (group: string, id: string): MappingRule => ({ connectionId: null, group, deny: id === '*' ? '*' : role(id) });

const tenantWith = (rules: readonly MappingRule[], defaultRole: RoleId | null = null): Tenant => ({
  id: acme,
  name: 'Acme',
  demand: noDemand,
  rules,
  members: [],
  defaultRole,
});

const directoryWith = (tenant: Tenant): Directory => ({
  issuer: 'https://mcp.example',
  connections: [],
  tenants: [tenant],
  roles,
  resources: [],
  addresses: new Map(),
  clients: [],
  registration: { dynamic: true, documents: true },
});

const anyGroup = fc.constantFrom('a', 'b', 'c', 'd');
const anyRule = fc.oneof(
  fc.tuple(anyGroup, fc.constantFrom('viewer', 'editor', 'admin', 'platform')).map(([group, id]) => gives(group, id)),
  fc.tuple(anyGroup, fc.constantFrom('viewer', 'editor', 'admin', '*')).map(([group, id]) => denies(group, id)),
);
const anyRules = fc.array(anyRule, { maxLength: 6 });
const anyDefault = fc.constantFrom(null, role('viewer'));

const someone = (groups: readonly string[]): Identity => ({
  id: 'someone',
  userId: UserId.parse('u_AAAAAAAAAAAAAAAAAAAAAA'),
  connectionId: okta,
  issuer: 'https://okta.example',
  subject: 'someone',
  createdAt: 0,
  known: { groups: [...groups], claims: {} },
});

const nobody = { identityId: 'nobody', tenant: { id: acme, name: 'Acme' }, permissions: [] };

describe('a row of a draft', () => {
  it('says the rule it came from, whatever else there is about that', () => {
    const rules: MappingRule[] = [
      gives('eng', 'editor'),
      denies('eng', '*'),
      { connectionId: okta, where: [{ claim: '/department', is: ['Sales'] }], role: role('viewer'), until: 1_800_000_000_000 },
    ];
    expect(rules.map((rule, index) => ruleOf(rowOf(rule, index + 1), names))).toEqual(rules);
  });

  it.each([
    [{ group: '' }, 'Name the group'],
    [{ role: '*' }, 'never get'],
    [{ role: 'nobody' }, 'Choose a role'],
    [{ role: '' }, 'Choose a role'],
  ])('%j is no rule', (change, words) => {
    const found = ruleOf({ ...rowOf(gives('eng', 'editor'), 1), ...change }, names);
    expect(isRule(found)).toBe(false);
    expect(found).toEqual({ problems: [{ field: expect.any(String), problem: expect.stringContaining(words) }] });
  });

  it.each<[Partial<DraftRow>, string, string]>([
    [{ role: 'admin' }, 'connection', 'another way to sign in may have a group of the same name'],
    [{ connection: 'elsewhere' }, 'connection', 'Choose one of these'],
    [{ until: '2031-02-30T10:00' }, 'until', 'Write a date and a time'],
    [{ effect: 'deny', until: '2031-02-28T10:00' }, 'until', 'has no end'],
    [{ where: [{ claim: '', is: ['x'] }] }, 'claim.1', 'Say which detail'],
    [
      {
        where: [
          { claim: '/a', is: ['x'] },
          { claim: '/b', is: [] },
        ],
      },
      'is.2',
      'what it has to be',
    ],
  ])('%j is wrong in one field where there are several ways to sign in', (change, field, words) => {
    const found = ruleOf({ ...rowOf(gives('eng', 'editor'), 1), ...change }, { ...names, areSeveral: true });
    expect(found).toEqual({ problems: [{ field, problem: expect.stringContaining(words) }] });
    // Neither by denying, nor by naming the way, nor where there is one way only.
    if (change.role === 'admin') {
      const several = { ...names, areSeveral: true };
      const row = { ...rowOf(gives('eng', 'admin'), 1), ...change };
      for (const allowed of [
        ruleOf(row, names),
        ruleOf({ ...row, connection: 'okta' }, several),
        ruleOf({ ...row, effect: 'deny' }, several),
      ])
        expect(isRule(allowed)).toBe(true);
    }
  });

  it('tells everything that is wrong at once', () => {
    const row = { ...blankRow(''), where: [{ claim: '', is: [] }], until: 'soon', connection: 'x' };
    const found = ruleOf(row, names);
    expect('problems' in found && found.problems.map(({ field }) => field)).toEqual(['role', 'connection', 'until', 'claim.1', 'is.1']);
  });

  it('says any rule it came from, to the millisecond', () => {
    const claims = fc.constantFrom('/department', '/a~1b');
    const where = fc.array(fc.record({ claim: claims, is: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }) }), {
      maxLength: 3,
    });
    const until = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
    const anything = fc.record({ connectionId: fc.constantFrom(null, okta), group: anyGroup, where, until, isDeny: fc.boolean() });
    fc.assert(
      fc.property(anything, ({ connectionId, group, where: conditions, until: ends, isDeny }) => {
        const about = { connectionId, group, ...(conditions.length === 0 ? {} : { where: conditions }) };
        const rule: MappingRule = isDeny ? { ...about, deny: '*' } : { ...about, role: role('viewer'), until: ends };
        expect(ruleOf(rowOf(rule, 1), names)).toEqual(rule);
      }),
    );
  });

  it('begins anew over rules that changed meanwhile: as the one that says the same, or as none', () => {
    const rows = [gives('eng', 'editor'), gives('sales', 'viewer')].map((rule, index) => rowOf(rule, index + 1));
    const later = [gives('it', 'admin'), gives('eng', 'editor')];
    expect(rebased(rows, names, later).map(({ from }) => from)).toEqual([2, null]);
  });

  it('counts each repeated rule once', () => {
    const twice = [gives('eng', 'editor'), gives('eng', 'editor')];
    expect(rulesBeyond(twice, [gives('eng', 'editor')])).toHaveLength(1);
    expect(sameRules(twice, [gives('eng', 'editor')])).toBe(false);
  });
});

describe('what a draft is to somebody', () => {
  it('is what the rules come to once they hold, for whatever rules, default and groups', () => {
    fc.assert(
      fc.property(anyRules, anyRules, anyDefault, fc.subarray(['a', 'b', 'c', 'd']), (old, young, defaultRole, groups) => {
        const [before, after] = [directoryWith(tenantWith(old, defaultRole)), directoryWith(tenantWith(young, defaultRole))];
        const identity = someone(groups);
        const outcome = compareRules({ tenantId: acme, before, after, you: nobody }, 0)(identity, null);
        const arrival = { connectionId: okta, subject: 'someone', groups, claims: {} };
        const held = [old, young].map((rules) => mapRoles(tenantWith(rules, defaultRole), arrival).map((each) => each.role));
        if (outcome === null) return held.every((each) => each.length === 0);
        const [had, has] = held.map((each) => accessOf({ roles, resources: [] }, each));
        if (had === undefined || has === undefined) return false;
        const difference = differenceOf(had, has);
        return (
          outcome.loses === losesAnything(difference) &&
          (outcome.change === 'stays') === (had.roles.join() === has.roles.join()) &&
          outcome.after.join() === has.roles.map((id) => roles.find((each) => each.id === id)?.name).join()
        );
      }),
      { numRuns: 500 },
    );
  });

  it('says by what whoever asks is an administrator, where it takes that away', () => {
    const you = { identityId: 'someone', tenant: { id: acme, name: 'Acme' }, permissions: ['drawbridge:rules'] };
    const [before, after] = [directoryWith(tenantWith([gives('it', 'admin')])), directoryWith(tenantWith([gives('it', 'viewer')]))];
    const compare = compareRules({ tenantId: acme, before, after, you }, 0);
    expect(compare(someone(['it']), null)?.losesRulesThrough).toBe('rule 1 (group it)');
    expect(compareRules({ tenantId: acme, before, after: before, you }, 0)(someone(['it']), null)?.losesRulesThrough).toBeNull();
    expect(compareRules({ tenantId: acme, before, after, you: nobody }, 0)(someone(['it']), null)?.losesRulesThrough).toBeNull();
  });
});

describe('whose a role is to give', () => {
  const author = { tenant: { id: acme, name: 'Acme' }, permissions: ['notes:read', 'drawbridge:read', 'drawbridge:rules'] };
  const beyond = (old: MappingRule[], young: MappingRule[], defaultRole: RoleId | null = null) =>
    rolesOutOfReach({ before: tenantWith(old, defaultRole), after: tenantWith(young, defaultRole), roles }, author, {
      platformTenant: null,
    }).map(({ id }) => String(id));

  it.each<[string, MappingRule[], MappingRule[], string[]]>([
    ['a new rule', [], [gives('a', 'platform')], ['platform']],
    ['another group for it', [gives('a', 'platform')], [gives('b', 'platform')], ['platform']],
    ['a rule that stays', [gives('a', 'platform')], [gives('a', 'platform'), gives('b', 'admin')], []],
    ['a deny that goes', [gives('a', 'editor'), denies('a', 'editor')], [gives('a', 'editor')], ['editor']],
    ['a deny of everything that goes', [gives('a', 'platform'), denies('a', '*')], [gives('a', 'platform')], ['editor']],
    ['taking what allows more than one may oneself', [gives('a', 'platform')], [], ['platform']],
    ['denying it', [], [denies('a', 'editor')], ['editor']],
    ['taking what one has oneself', [gives('a', 'viewer')], [], []],
    ['what one has oneself', [], [gives('a', 'viewer'), gives('a', 'admin')], []],
  ])('%s', (_what, old, young, found) => {
    expect(beyond(old, young)).toEqual(found);
  });

  it('counts the default role, which a deny kept from somebody', () => {
    expect(beyond([denies('a', 'viewer')], [], role('editor'))).toEqual(['editor']);
  });
});
