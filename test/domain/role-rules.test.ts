import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RoleId } from '../../src/domain/ids.ts';
import type { MappingRule } from '../../src/domain/mapping-rule.ts';
import { everything } from '../../src/domain/mapping-rule.ts';
import { explainRoles } from '../../src/domain/role-explanation.ts';
import { compileRules, mapRoles } from '../../src/domain/role-mapping.ts';
import type { Arrival, HeldRole, RoleRules } from '../../src/domain/role-mapping.ts';
import { admin, arrival, assigned, denying, editor, giving, google, now, okta, someTenant, viewer } from '../support/rule-worlds.ts';

const any = { connectionId: null };
const tenant = (rules: readonly MappingRule[], more: Partial<RoleRules> = {}): RoleRules => ({
  rules,
  members: [],
  defaultRole: null,
  ...more,
});
const ana = (more: Partial<Arrival> = {}): Arrival => ({ connectionId: okta, subject: 'ana', groups: [], claims: {}, ...more });
const byHand = (role: RoleId, more: Partial<HeldRole> = {}): HeldRole => ({ role, connectionId: okta, rule: 'by hand', ...more });
const idsOf = (roles: readonly HeldRole[]) => roles.map(({ role }) => role).sort();

const finance = { claim: '/department', is: ['Finance', 'Acc*'] };
const senior = { claim: '/level', is: ['5', '6'] };

describe('what a rule is about', () => {
  it.each<[string, MappingRule, Partial<Arrival>, string | null]>([
    ['a claim, exactly', { ...any, where: [finance], role: editor }, { claims: { '/department': ['Finance'] } }, '/department Finance'],
    [
      'a claim, by a pattern',
      { ...any, where: [finance], role: editor },
      { claims: { '/department': ['Accounts'] } },
      '/department Accounts',
    ],
    ['a pattern is anchored', { ...any, where: [finance], role: editor }, { claims: { '/department': ['My Acc'] } }, null],
    ['another case is another value', { ...any, where: [finance], role: editor }, { claims: { '/department': ['finance'] } }, null],
    [
      'one of several values',
      { ...any, where: [finance], role: editor },
      { claims: { '/department': ['IT', 'Finance'] } },
      '/department Finance',
    ],
    ['no such claim', { ...any, where: [finance], role: editor }, { claims: { '/department': [] } }, null],
    ['a star wants something to be there', { ...any, where: [{ claim: '/a', is: ['*'] }], role: editor }, { claims: { '/a': [] } }, null],
    ['a star fits the empty text', { ...any, where: [{ claim: '/a', is: ['*'] }], role: editor }, { claims: { '/a': [''] } }, '/a '],
    ['an unknown claim', { ...any, where: [finance], role: editor }, { claims: { '/other': ['Finance'] } }, null],
    [
      'a group and a claim',
      { ...any, group: 'eng*', where: [finance], role: editor },
      { groups: ['hr', 'eng-web'], claims: { '/department': ['Finance'] } },
      'group eng-web and /department Finance',
    ],
    [
      'the group without the claim',
      { ...any, group: 'eng', where: [finance], role: editor },
      { groups: ['eng'], claims: { '/department': ['IT'] } },
      null,
    ],
    [
      'the claim without the group',
      { ...any, group: 'eng', where: [finance], role: editor },
      { groups: ['hr'], claims: { '/department': ['Finance'] } },
      null,
    ],
    [
      'two claims',
      { ...any, where: [finance, senior], role: editor },
      { claims: { '/department': ['Finance'], '/level': ['6'] } },
      '/department Finance and /level 6',
    ],
    [
      'one of two claims',
      { ...any, where: [finance, senior], role: editor },
      { claims: { '/department': ['Finance'], '/level': ['4'] } },
      null,
    ],
    ['unknown groups', { ...any, group: '*', role: editor }, { groups: null }, null],
    [
      'the connection',
      { connectionId: okta, where: [finance], role: editor },
      { claims: { '/department': ['Finance'] } },
      '/department Finance',
    ],
    ['another connection', { connectionId: google, where: [finance], role: editor }, { claims: { '/department': ['Finance'] } }, null],
  ])('%s', (_, rule, who, because) => {
    const told = mapRoles(tenant([rule]), ana(who)).map((held) => held.rule);
    expect(told).toEqual(because === null ? [] : [`rule 1: ${because} gives editor`]);
  });
});

describe('what is denied', () => {
  const gives: MappingRule = { ...any, group: 'eng', role: editor };
  const denies = (deny: RoleId | typeof everything, group = 'contractors'): MappingRule => ({ ...any, group, deny });
  const both = ana({ groups: ['contractors', 'eng'] });

  it.each<[string, RoleRules, Arrival, readonly HeldRole[], RoleId[]]>([
    ['a role of a rule', tenant([gives, denies(editor)]), both, [], []],
    ['a role of a rule that comes later', tenant([denies(editor), gives]), both, [], []],
    ['another role', tenant([gives, denies(admin)]), both, [], [editor]],
    ['for others', tenant([gives, denies(editor, 'guests')]), both, [], [editor]],
    ['everything', tenant([gives, denies(everything)]), both, [byHand(admin)], []],
    ['a role by hand', tenant([denies(admin)]), both, [byHand(admin), byHand(viewer)], [viewer]],
    ['a role by name', tenant([denies(admin)], { members: [{ connectionId: okta, subject: 'ana', role: admin }] }), both, [], []],
    ['the default role', tenant([denies(viewer)], { defaultRole: viewer }), both, [], []],
    ['the default role, by whatever is denied', tenant([denies(admin)], { defaultRole: viewer }), both, [], []],
    ['nobody falls back to the default role', tenant([gives, denies(editor)], { defaultRole: viewer }), both, [], []],
    ['nothing where nothing fits', tenant([denies(admin)], { defaultRole: viewer }), ana(), [], [viewer]],
    ['for another connection', tenant([gives, { ...denies(everything), connectionId: google }]), both, [], [editor]],
  ])('%s', (_, rules, who, assigned, roles) => {
    expect(idsOf(mapRoles(rules, who, assigned))).toEqual(roles);
  });

  it.each<[string, MappingRule, Partial<Arrival>, boolean]>([
    ['unknown groups deny', denies(everything), { groups: null }, true],
    ['an unknown claim denies', { ...any, where: [finance], deny: everything }, {}, true],
    ['no such claim does not', { ...any, where: [finance], deny: everything }, { claims: { '/department': [] } }, false],
    ['not in the group, whatever the claim', { ...any, group: 'x', where: [finance], deny: everything }, {}, false],
    ['in the group and an unknown claim denies', { ...any, group: 'eng', where: [finance], deny: everything }, { groups: ['eng'] }, true],
    [
      'another claim, whatever the groups',
      { ...any, group: 'x', where: [finance], deny: everything },
      { groups: null, claims: { '/department': ['IT'] } },
      false,
    ],
  ])('what is not known is denied: %s', (_, rule, who, isDenied) => {
    expect(mapRoles(tenant([rule]), ana(who), [byHand(viewer)])).toHaveLength(isDenied ? 0 : 1);
  });
});

describe('what ends', () => {
  const until = 1000;
  const short: MappingRule = { ...any, group: 'eng', role: editor, until };
  const who = ana({ groups: ['eng', 'web'] });

  it('a rule gives until its end, and says when that is', () => {
    expect(mapRoles(tenant([short]), who, [], 999)).toEqual([
      { role: editor, connectionId: okta, rule: 'rule 1: group eng gives editor', source: 'rule', expiresAt: until },
    ]);
    expect(mapRoles(tenant([short]), who, [], 1000)).toEqual([]);
  });

  it('then the default role is there again', () => {
    const rules = tenant([short], { defaultRole: viewer });
    expect([999, 1000].map((now) => idsOf(mapRoles(rules, who, [], now)))).toEqual([[editor], [viewer]]);
  });

  it('a role lasts as long as the longest that gives it, whichever is first', () => {
    const longer: MappingRule = { ...any, group: 'web', role: editor, until: 2000 };
    const forEver: MappingRule = { ...any, group: 'web', role: editor };
    const ends = (rules: MappingRule[], assigned: HeldRole[] = []) => mapRoles(tenant(rules), who, assigned).map((held) => held.expiresAt);
    expect([ends([short, longer]), ends([longer, short])]).toEqual([[2000], [2000]]);
    expect([ends([short, forEver]), ends([forEver, short])]).toEqual([[undefined], [undefined]]);
    expect([ends([short], [byHand(editor, { expiresAt: 500 })]), ends([short], [byHand(editor)])]).toEqual([[1000], [undefined]]);
  });

  it('what was assigned by hand has ended too', () => {
    const assigned = [byHand(admin, { expiresAt: 1000 }), byHand(viewer)];
    expect([999, 1000].map((now) => idsOf(mapRoles(tenant([]), ana(), assigned, now)))).toEqual([[admin, viewer], [viewer]]);
  });
});

describe('every rule with whether it fits', () => {
  it('says so of each, in their order, and what was taken away by which', () => {
    const rules = tenant(
      [
        { ...any, group: 'eng*', role: editor },
        { connectionId: google, group: 'eng', role: admin },
        { ...any, group: 'hr', role: viewer },
        { ...any, where: [finance], role: viewer },
        { ...any, group: 'eng-web', where: [senior], deny: admin },
        { ...any, where: [senior], role: viewer },
        { ...any, where: [{ claim: '/none', is: ['x'] }], role: viewer },
        { ...any, group: 'eng-web', role: viewer, until: 5 },
      ],
      { members: [{ connectionId: okta, subject: 'ana', role: admin }] },
    );
    const who = ana({ groups: ['eng-web'], claims: { '/department': ['IT'], '/none': [] } });
    expect(explainRoles(rules, who, [], 10)).toEqual({
      roles: [{ role: editor, connectionId: okta, rule: 'rule 1: group eng-web gives editor', source: 'rule' }],
      denied: [{ role: admin, rule: 'rule 5: /level is not known, which denies admin' }],
      trace: [
        { rule: 1, fits: 'yes', because: 'group eng-web' },
        { rule: 2, fits: 'no', because: 'only for the connection google' },
        { rule: 3, fits: 'no', because: 'not in the group hr' },
        { rule: 4, fits: 'no', because: '/department is not Finance or Acc*' },
        { rule: 5, fits: 'unknown', because: '/level is not known' },
        { rule: 6, fits: 'unknown', because: '/level is not known' },
        { rule: 7, fits: 'no', because: 'there is no /none' },
        { rule: 8, fits: 'no', because: 'group eng-web, but it has ended' },
      ],
    });
  });

  it('names what denies the default role', () => {
    const rules = tenant([{ ...any, group: 'guests', deny: everything }], { defaultRole: viewer });
    expect(explainRoles(rules, ana({ groups: ['guests'] })).denied).toEqual([
      { role: viewer, rule: 'rule 1: group guests denies everything' },
    ]);
  });
});

const runs = { numRuns: 1500 };

describe('laws of the rules', () => {
  const rolesIn = (rules: RoleRules, who: Arrival, held: readonly HeldRole[], at: number) => idsOf(mapRoles(rules, who, held, at));

  it('their order changes nobody’s roles', () => {
    const shuffled = fc.tuple(someTenant, fc.infiniteStream(fc.nat())).map(
      ([rules, keys]) =>
        [
          rules,
          {
            ...rules,
            rules: rules.rules
              .map((rule) => ({ rule, key: keys.next().value }))
              .sort((a, b) => a.key - b.key)
              .map(({ rule }) => rule),
          },
        ] as const,
    );
    fc.assert(
      fc.property(shuffled, arrival, assigned, now, ([one, other], who, held, at) => {
        expect(rolesIn(other, who, held, at)).toEqual(rolesIn(one, who, held, at));
      }),
      runs,
    );
  });

  it('one more that denies never adds a role, and leaves nobody a default role whom it fits', () => {
    fc.assert(
      fc.property(someTenant, denying, fc.nat(8), arrival, assigned, now, (rules, deny, at, who, held, when) => {
        const more = { ...rules, rules: rules.rules.toSpliced(at, 0, deny) };
        const after = mapRoles(more, who, held, when);
        expect(rolesIn(rules, who, held, when)).toEqual(expect.arrayContaining(idsOf(after)));
        const { fits } = explainRoles({ ...rules, rules: [deny] }, who).trace[0] ?? { fits: 'no' };
        if (fits === 'no') expect(idsOf(after)).toEqual(rolesIn(rules, who, held, when));
        else {
          expect(after.filter(({ source }) => source === 'default')).toEqual([]);
          expect(after.filter((each) => deny.deny === everything || deny.deny === each.role)).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('one more that gives never takes a role away, but for the default role', () => {
    fc.assert(
      fc.property(someTenant, giving, fc.nat(8), arrival, assigned, now, (rules, give, at, who, held, when) => {
        const before = mapRoles(rules, who, held, when).filter(({ source }) => source !== 'default');
        expect(rolesIn({ ...rules, rules: rules.rules.toSpliced(at, 0, give) }, who, held, when)).toEqual(
          expect.arrayContaining(idsOf(before)),
        );
      }),
      runs,
    );
  });

  it('knowing less gives nobody more, but for the default role [W68]', () => {
    const less = fc.constantFrom<(who: Arrival) => Arrival>(
      (who) => ({ ...who, groups: null }),
      (who) => ({ ...who, claims: {} }),
      (who) => ({ ...who, claims: Object.fromEntries(Object.entries(who.claims).filter(([claim]) => claim !== '/x')) }),
    );
    fc.assert(
      fc.property(someTenant, arrival, less, assigned, now, (rules, who, forget, held, when) => {
        const after = mapRoles(rules, forget(who), held, when).filter(({ source }) => source !== 'default');
        expect(rolesIn(rules, who, held, when)).toEqual(expect.arrayContaining(idsOf(after)));
      }),
      runs,
    );
  });

  it('nobody gets a role through a rule that the explanation does not say fits', () => {
    fc.assert(
      fc.property(someTenant, arrival, assigned, now, (rules, who, held, when) => {
        const { roles, denied, trace } = explainRoles(rules, who, held, when);
        expect(roles).toEqual(mapRoles(rules, who, held, when));
        expect(roles).toEqual(compileRules(rules)(who, held, when));
        for (const each of roles.filter(({ source }) => source === 'rule')) {
          const number = Number(/^rule (\d+): /.exec(each.rule)?.[1]);
          expect(trace[number - 1]).toMatchObject({ rule: number, fits: 'yes' });
          expect(rules.rules[number - 1]?.role).toBe(each.role);
        }
        for (const { rule } of denied) expect(trace[Number(/^rule (\d+): /.exec(rule)?.[1]) - 1]?.fits).not.toBe('no');
        expect(denied.filter((each) => roles.some((kept) => kept.role === each.role))).toEqual([]);
      }),
      runs,
    );
  });
});

describe('what is sent to be expensive [W125]', () => {
  it('the longest patterns against the longest list are through', () => {
    const rules = tenant(Array.from({ length: 50 }, (_, index) => ({ ...any, group: `${'a*'.repeat(149)}${index}`, role: editor })));
    const groups = Array.from({ length: 2000 }, (_, index) => `${'a'.repeat(250)}x${index}`);
    expect(mapRoles(rules, ana({ groups }))).toHaveLength(1);
    expect(mapRoles(rules, ana({ groups: groups.map((name) => `${name}y`) }))).toEqual([]);
  });

  it('more names than are remembered give what they gave before', () => {
    const mapper = compileRules(
      tenant([
        { ...any, group: 'eng-*', role: editor },
        { ...any, group: 'eng-7', role: admin },
      ]),
    );
    const names = Array.from({ length: 10_000 }, (_, index) => `eng-${index}`);
    for (const round of [1, 2]) {
      expect([round, names.filter((name) => idsOf(mapper(ana({ groups: [name] }))).includes(admin))]).toEqual([round, ['eng-7']]);
    }
  });
});
