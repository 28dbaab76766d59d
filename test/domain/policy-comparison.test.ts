import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import type { Change } from '../../src/domain/access-difference.ts';
import { changes } from '../../src/domain/access-difference.ts';
import type { KnownPerson } from '../../src/domain/compared-tenants.ts';
import { differenceSentence } from '../../src/domain/difference-sentence.ts';
import { TenantId, UserId } from '../../src/domain/ids.ts';
import type { MappingRule } from '../../src/domain/mapping-rule.ts';
import { comparePolicies } from '../../src/domain/policy-comparison.ts';
import type { Resource } from '../../src/domain/resource.ts';
import type { AccessPolicy } from '../../src/domain/role-access.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import type { HeldRole, RoleRules } from '../../src/domain/role-mapping.ts';
import { admin, arrival, assigned, denying, editor, giving, google, now, okta, someTenant, viewer } from '../support/rule-worlds.ts';

const [acme, globex] = [TenantId.parse('acme'), TenantId.parse('globex')];
const scope = (name: string, permission: string, isChange: boolean) => ({
  name,
  title: name,
  note: '',
  changes: isChange,
  permissions: [permission],
});
const resource = (id: string, writing: string): Resource => ({
  id,
  identifier: `https://a.example/${id}`,
  upstream: 'https://b.example',
  name: id,
  isDefault: false,
  baseline: [],
  scopes: [scope('look', 'read', false), scope('change', writing, true)],
  tools: new Map([
    ['list', { scopes: ['look'], permissions: [] }],
    ['add', { scopes: ['change'], permissions: [] }],
    ['purge', { scopes: ['change'], permissions: ['delete'] }],
  ]),
  redirects: { policy: 'open', allow: [] },
  buttons: { approve: 'Approve', deny: 'Deny' },
  lifetimes: { accessToken: 1, refreshIdle: 1, refreshAbsolute: null, refreshGrace: 1 },
});

const roles = (administers: readonly string[] = ['read', 'write', 'drawbridge:people']) => [
  { id: viewer, name: 'Viewer', permissions: ['read'] },
  { id: editor, name: 'Editor', permissions: ['read', 'write'] },
  { id: admin, name: 'Admin', permissions: administers },
];
const tenant = (id: TenantId, rules: Partial<RoleRules>, isSuspended = false) => ({
  id,
  name: id,
  demand: noDemand,
  rules: [],
  members: [],
  defaultRole: null,
  ...rules,
  isSuspended,
});
const policyOf = (rules: readonly MappingRule[], more: Partial<AccessPolicy> = {}): AccessPolicy => ({
  tenants: [tenant(acme, { rules })],
  roles: roles(),
  resources: [resource('notes', 'write')],
  ...more,
});
const person = (id: string, groups: readonly string[] | null, more: Partial<KnownPerson> = {}): KnownPerson => ({
  userId: UserId.parse(id),
  arrival: { connectionId: okta, subject: id, groups, claims: {} },
  assigned: new Map(),
  ...more,
});
const any = { connectionId: null };
const gives = (group: string, role: typeof viewer): MappingRule => ({ ...any, group, role });

function compared(before: AccessPolicy, after: AccessPolicy, people: readonly KnownPerson[], options = {}) {
  const comparison = comparePolicies(before, after, { now: 0, ...options });
  const told = people.map((each) => comparison.add(each));
  return { ...comparison.result(), told };
}

describe('a changed policy, over everybody', () => {
  const before = policyOf([gives('ops', admin), gives('eng', editor), gives('hr', viewer)]);
  const after = policyOf([gives('ops', editor), gives('eng', viewer), gives('boss', admin), gives('new', viewer)]);
  const people = [
    person('olga', ['ops']),
    person('eve', ['eng']),
    person('hal', ['hr']),
    person('bea', ['boss']),
    person('ned', ['new']),
    person('mia', ['eng', 'new']),
    person('sam', ['none']),
    person('una', null),
  ];

  it('counts everybody once, and names whoever loses something first', () => {
    const { counts, examples, people: all, unknown } = compared(before, after, people);
    expect(counts).toEqual({
      becomesAdministrator: 1,
      stopsBeingAdministrator: 1,
      losesAccess: 1,
      losesWrite: 2,
      gainsAccess: 1,
      changesOtherwise: 0,
      stays: 2,
    });
    expect([all, unknown]).toEqual([8, 1]);
    expect(examples.map(({ change, people: found }) => [change, found.map(({ userId }) => userId)])).toEqual([
      ['stopsBeingAdministrator', ['olga']],
      ['losesAccess', ['hal']],
      ['losesWrite', ['eve', 'mia']],
      ['becomesAdministrator', ['bea']],
      ['gainsAccess', ['ned']],
      ['changesOtherwise', []],
    ]);
    expect(examples[2]?.people[0]).toMatchObject({
      connectionId: okta,
      tenants: [
        {
          tenantId: acme,
          difference: { roles: { gained: ['viewer'], lost: ['editor'] }, tools: { lost: [{ resource: 'notes', name: 'add' }] } },
        },
      ],
    });
  });

  it('keeps the first few of a kind, however many come', () => {
    const many = Array.from({ length: 300 }, (_, index) => person(`u${index}`, ['hr']));
    const { counts, examples } = compared(before, after, many, { examples: 3 });
    expect(counts.losesAccess).toBe(300);
    expect(examples.find(({ change }) => change === 'losesAccess')?.people.map(({ userId }) => userId)).toEqual(['u0', 'u1', 'u2']);
    expect(compared(before, after, many).examples.flatMap(({ people: found }) => found)).toHaveLength(50);
  });

  it('says in a sentence what it is', () => {
    expect(differenceSentence(compared(before, after, people))).toBe(
      '+1 becomes an administrator, −1 is no longer an administrator, −1 loses access, −2 can no longer make changes, +1 gains access, 2 stay as they are',
    );
    const none = Object.fromEntries(changes.map((change) => [change, 0])) as Record<Change, number>;
    const sentence = (counts: Partial<Record<Change, number>>) => differenceSentence({ people: 1, counts: { ...none, ...counts } });
    expect(sentence({ becomesAdministrator: 3, losesWrite: 12, stays: 199 })).toBe(
      '+3 become administrators, −12 can no longer make changes, 199 stay as they are',
    );
    expect(sentence({ stopsBeingAdministrator: 2, losesAccess: 2, gainsAccess: 2, changesOtherwise: 2 })).toBe(
      '−2 are no longer administrators, −2 lose access, +2 gain access, 2 change otherwise',
    );
    expect(sentence({ losesWrite: 1, changesOtherwise: 1, stays: 1 })).toBe(
      '−1 can no longer make changes, 1 changes otherwise, 1 stays as they are',
    );
    expect(differenceSentence({ people: 0, counts: none })).toBe('Nobody is known yet');
  });
});

describe('who administers afterwards [W73]', () => {
  const ops = policyOf([gives('ops', admin)]);
  const one = [person('olga', ['ops']), person('eve', ['eng'])];

  it('a tenant that somebody administers is not left without anybody unnoticed', () => {
    expect(compared(ops, policyOf([gives('ops', editor)]), one).leavesWithoutAdministrator).toEqual([acme]);
    expect(compared(ops, policyOf([gives('eng', admin)]), one).leavesWithoutAdministrator).toEqual([]);
    expect(compared(ops, policyOf([gives('ops', editor), gives('eng', admin)]), one).leavesWithoutAdministrator).toEqual([]);
    expect(compared(policyOf([]), policyOf([gives('eng', viewer)]), one).leavesWithoutAdministrator).toEqual([]);
    expect(compared(ops, policyOf([{ ...any, group: 'eng', deny: '*' }, gives('ops', admin)]), one).leavesWithoutAdministrator).toEqual([]);
  });

  it('nor by a role that only looks from then on', () => {
    const looking = policyOf([gives('ops', admin)], { roles: roles(['drawbridge:read', 'drawbridge:audit']) });
    const found = compared(ops, looking, one);
    expect(found.leavesWithoutAdministrator).toEqual([acme]);
    expect(found.counts.stopsBeingAdministrator).toBe(0);
  });

  it('it is no matter where there is no tenant any more, or nobody works in it', () => {
    const closed = { ...ops, tenants: [tenant(acme, { rules: [gives('ops', admin)] }, true)] };
    for (const after of [closed, { ...ops, tenants: [] }]) {
      const found = compared(ops, after, one);
      expect([found.leavesWithoutAdministrator, found.counts.stopsBeingAdministrator]).toEqual([[], 1]);
    }
  });

  it('whoever makes the change is told when it is themselves, and not while another way of theirs remains', () => {
    const after = policyOf([gives('lead', admin)]);
    const you = UserId.parse('olga');
    const both = [person('olga', ['ops']), person('olga', ['lead']), person('bea', ['lead'])];
    expect(compared(ops, after, both.slice(0, 1), { you }).youLose).toEqual([acme]);
    expect(compared(ops, after, both, { you }).youLose).toEqual([]);
    expect(compared(ops, after, both.toReversed(), { you }).youLose).toEqual([]);
    expect(compared(ops, after, both.slice(0, 1), { you: UserId.parse('eve') }).youLose).toEqual([]);
  });

  it('an untouched sign-in of theirs counts, whenever it is looked at', () => {
    const before = policyOf([gives('ops', admin), gives('lead', admin)]);
    const people = [person('bea', ['lead']), person('olga', ['lead']), person('olga', ['ops'])];
    expect(compared(before, policyOf([gives('lead', admin)]), people, { you: UserId.parse('olga') }).youLose).toEqual([]);
  });
});

/** The same by the shortest way there is: what `mapRoles` says of each, before and after. */
function plainly(policy: AccessPolicy, id: TenantId, { arrival: who, assigned: byHand }: KnownPerson, at: number) {
  const where = policy.tenants.find((each) => each.id === id);
  const held = where === undefined || where.isSuspended === true ? [] : mapRoles(where, who, byHand.get(id), at);
  const mine = policy.roles.filter((each) => held.some(({ role }) => role === each.id));
  const can = mine.flatMap(({ permissions }) => permissions);
  const writes = policy.resources
    .filter(({ scopes }) => scopes.some((each) => each.changes && each.permissions.every((permission) => can.includes(permission))))
    .map((each) => each.id);
  return {
    roles: mine.map((each) => each.id).join(),
    can: [...new Set(can)].sort().join(),
    isIn: mine.length > 0,
    isAdmin: can.some((permission) => permission.startsWith('drawbridge:')),
    mends: can.includes('drawbridge:people'),
    writes,
    offers: policy.resources
      .flatMap(({ id: of, scopes }) => scopes.map(({ name, permissions }) => ({ of, name, permissions })))
      .filter(({ permissions }) => mine.length > 0 && permissions.every((permission) => can.includes(permission)))
      .map(({ of, name }) => `${of} ${name}`)
      .join(),
  };
}

type Plain = ReturnType<typeof plainly>;
const meaning: Readonly<Record<Change, (had: Plain, has: Plain) => boolean>> = {
  becomesAdministrator: (had, has) => !had.isAdmin && has.isAdmin,
  stopsBeingAdministrator: (had, has) => had.isAdmin && !has.isAdmin,
  losesAccess: (had, has) => had.isIn && !has.isIn,
  losesWrite: (had, has) => had.writes.some((id) => !has.writes.includes(id)),
  gainsAccess: (had, has) => !had.isIn && has.isIn,
  changesOtherwise: (had, has) => had.roles !== has.roles || had.can !== has.can || had.offers !== has.offers,
  stays: () => true,
};

describe('laws of the comparison', () => {
  const somePolicy: fc.Arbitrary<AccessPolicy> = fc
    .tuple(
      fc.array(fc.tuple(someTenant, fc.boolean()), { maxLength: 2 }),
      fc.constantFrom(roles(), roles(['drawbridge:read']), roles(['read']), roles().slice(0, 2)),
      fc.constantFrom([resource('notes', 'write')], [resource('notes', 'read'), resource('wiki', 'write')], []),
    )
    .map(([tenants, given, resources]) => ({
      tenants: tenants.map(([rules, isSuspended], index) => tenant([acme, globex][index] ?? acme, rules, isSuspended && index === 1)),
      roles: given,
      resources,
    }));
  const rule = fc.oneof(giving, denying);
  /** As a rule one or two rules differ, which is what people change. */
  const pair = fc.oneof(
    fc.tuple(somePolicy, somePolicy),
    fc
      .tuple(somePolicy, fc.nat(4), fc.nat(2), fc.array(rule, { maxLength: 2 }))
      .map(([policy, at, gone, added]): [AccessPolicy, AccessPolicy] => [
        policy,
        { ...policy, tenants: policy.tenants.map((each) => ({ ...each, rules: each.rules.toSpliced(at, gone, ...added) })) },
      ]),
  );
  const people = fc.array(
    fc.tuple(fc.constantFrom('u1', 'u2', 'u3'), arrival, assigned).map(([id, who, held]): KnownPerson => ({
      userId: UserId.parse(id),
      arrival: who,
      assigned: new Map<TenantId, readonly HeldRole[]>([[acme, held]]),
    })),
    { maxLength: 6 },
  );

  it('what is told of everybody is what their roles are before and after', () => {
    fc.assert(
      fc.property(pair, people, now, ([before, after], all, at) => {
        const you = UserId.parse('u1');
        const {
          counts,
          people: number,
          told,
          leavesWithoutAdministrator,
          youLose,
          examples,
        } = compared(before, after, all, { now: at, you });
        const ids = [acme, globex];
        const pairs = all.map((each) => ids.map((id) => [plainly(before, id, each, at), plainly(after, id, each, at)] as const));
        const expected = pairs.map((places) => changes.find((change) => places.some(([had, has]) => meaning[change](had, has))));
        expect(told.map(({ change }) => change)).toEqual(expected);
        expect(counts).toEqual(Object.fromEntries(changes.map((change) => [change, expected.filter((each) => each === change).length])));
        expect([number, Object.values(counts).reduce((sum, count) => sum + count, 0)]).toEqual([all.length, all.length]);
        expect(examples.flatMap(({ people: found }) => found)).toHaveLength(all.length - counts.stays);
        const works = (id: TenantId) => after.tenants.some((each) => each.id === id && !each.isSuspended);
        const some = (what: 'mends' | 'isAdmin', time: 0 | 1, of: readonly KnownPerson[]) => (id: TenantId) =>
          of.some((each) => pairs[all.indexOf(each)]?.[ids.indexOf(id)]?.[time][what] === true);
        expect([...leavesWithoutAdministrator].sort()).toEqual(
          ids.filter((id) => works(id) && some('mends', 0, all)(id) && !some('mends', 1, all)(id)),
        );
        const yours = all.filter(({ userId }) => userId === you);
        expect([...youLose].sort()).toEqual(ids.filter((id) => some('isAdmin', 0, yours)(id) && !some('isAdmin', 1, yours)(id)));
      }),
      { numRuns: 1500 },
    );
  });

  it('whatever is changed and changed back is nothing', () => {
    fc.assert(
      fc.property(somePolicy, people, now, (policy, all, at) => {
        expect(compared(policy, { ...policy, tenants: [...policy.tenants] }, all, { now: at }).counts.stays).toBe(all.length);
      }),
    );
  });

  it('what one change does to whom, the change back undoes', () => {
    fc.assert(
      fc.property(pair, people, now, ([before, after], all, at) => {
        const there = compared(before, after, all, { now: at }).told;
        const back = compared(after, before, all, { now: at }).told;
        expect(there.map(({ change }) => change === 'stays')).toEqual(back.map(({ change }) => change === 'stays'));
        expect(there.map(({ tenants }) => tenants.map(({ difference }) => [difference.tools.gained, difference.roles.lost]))).toEqual(
          back.map(({ tenants }) => tenants.map(({ difference }) => [difference.tools.lost, difference.roles.gained])),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('of whom something is not known that the new rules ask for', () => {
  const claim: MappingRule = { ...any, where: [{ claim: '/level', is: ['5'] }], role: viewer };
  const elsewhere: MappingRule = { ...claim, connectionId: okta };
  const known = { '/level': [] };
  it.each<[string, readonly MappingRule[], KnownPerson, number]>([
    ['unknown groups, and a rule by group', [gives('eng', viewer)], person('u', null), 1],
    ['unknown groups, and none', [claim], person('u', null, { arrival: { ...person('u', null).arrival, claims: known } }), 0],
    ['an unknown claim', [claim], person('u', []), 1],
    ['no such claim is known', [claim], person('u', [], { arrival: { ...person('u', []).arrival, claims: known } }), 0],
    ['a claim that is asked of another connection', [{ ...elsewhere, connectionId: google }], person('u', []), 0],
    ['a claim that is asked of theirs', [elsewhere], person('u', []), 1],
  ])('%s', (_, rules, who, unknown) => {
    expect(compared(policyOf([]), policyOf(rules), [who]).unknown).toBe(unknown);
  });
});
