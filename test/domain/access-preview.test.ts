import { describe, expect, it } from '@jest/globals';
import { changeOf, differenceOf, losesSomething } from '../../src/domain/access-difference.ts';
import { previewPerson } from '../../src/domain/access-preview.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { validate } from '../../src/config/load.ts';
import { ConnectionId, RoleId, TenantId } from '../../src/domain/ids.ts';
import { accessOf } from '../../src/domain/role-access.ts';
import type { AccessPolicy } from '../../src/domain/role-access.ts';
import type { Arrival } from '../../src/domain/role-mapping.ts';
import { exampleDocument, exampleResource } from '../support/example-config.ts';

const roles = [
  { id: 'viewer', name: 'Viewer', permissions: ['read'] },
  { id: 'editor', name: 'Editor', permissions: ['read', 'write'] },
  { id: 'auditor', name: 'Auditor', permissions: ['read', 'drawbridge:audit'] },
  { id: 'admin', name: 'Admin', permissions: ['read', 'write', 'delete', 'drawbridge:people'] },
];
const notes = {
  ...exampleResource,
  scopes: [
    { name: 'read', title: 'Look', permissions: ['read'] },
    { name: 'write', title: 'Write', permissions: ['write'], changes: true },
  ],
  tools: {
    whoami: {},
    list: { scopes: ['read'] },
    add: { scopes: ['write'] },
    purge: { scopes: ['write'], permissions: ['delete'] },
  },
};
const wiki = {
  ...notes,
  id: 'wiki',
  identifier: 'https://login.company.example/wiki',
  default: true,
  scopes: [{ name: 'read', title: 'Look', permissions: ['read'] }],
  tools: { find: { scopes: ['read'] } },
};
const policy: AccessPolicy = directoryOf(
  validate(
    exampleDocument({
      connections: [{ id: 'corp', type: 'oidc', name: 'Corp', issuer: 'https://idp.example.com', client_id: 'us', client_secret: 's' }],
      roles,
      resources: [notes, wiki],
      tenants: [
        {
          id: 'acme',
          name: 'Acme',
          rules: [
            { group: 'eng', role: 'editor' },
            { group: 'ops', role: 'admin' },
            { group: 'guests', deny: 'admin' },
          ],
        },
        { id: 'globex', name: 'Globex', defaultRole: 'viewer' },
      ],
    }),
  ),
);

const [acme, globex] = [TenantId.parse('acme'), TenantId.parse('globex')];
const corp = ConnectionId.parse('corp');
const arrival = (...groups: string[]): Arrival => ({ connectionId: corp, subject: 'ana', groups, claims: {} });
const access = (...held: string[]) =>
  accessOf(
    policy,
    held.map((id) => RoleId.parse(id)),
  );

describe('what roles allow', () => {
  it.each<[string, string[], Record<string, [string[], string[], boolean]>]>([
    ['no role', [], {}],
    ['a role nobody configured', ['gone'], {}],
    ['a role that looks', ['viewer'], { notes: [['read'], ['whoami', 'list'], false], wiki: [['read'], ['find'], false] }],
    ['a role that writes', ['editor'], { notes: [['read', 'write'], ['whoami', 'list', 'add'], true], wiki: [['read'], ['find'], false] }],
    [
      'two roles',
      ['admin', 'viewer'],
      { notes: [['read', 'write'], ['whoami', 'list', 'add', 'purge'], true], wiki: [['read'], ['find'], false] },
    ],
  ])('%s', (_, held, expected) => {
    const { resources } = access(...held);
    expect(Object.fromEntries(resources.map(({ resource, scopes, tools, changes }) => [resource, [scopes, tools, changes]]))).toEqual(
      expected,
    );
  });

  it('who administers, and who only looks', () => {
    const administers = (id: string) => [access(id).isAdministrator, access(id).putsRight];
    expect(['editor', 'auditor', 'admin'].map(administers)).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });
});

describe('the preview of a person', () => {
  it('says tenant by tenant what they are and do, and which rule is behind it', () => {
    const byHand = { role: RoleId.parse('viewer'), connectionId: corp, rule: 'by Olga', source: 'assigned' as const };
    const [inAcme, inGlobex] = previewPerson(policy, arrival('eng', 'guests', 'ops'), new Map([[globex, [byHand]]]), 0);
    expect(inAcme).toMatchObject({
      tenantId: acme,
      name: 'Acme',
      roles: [{ role: 'editor', rule: 'rule 1: group eng gives editor' }],
      denied: [{ role: 'admin', rule: 'rule 3: group guests denies admin' }],
      trace: [{ fits: 'yes' }, { fits: 'yes' }, { fits: 'yes' }],
      access: { roles: ['editor'], isAdministrator: false },
    });
    expect(inAcme?.access.resources[0]).toEqual({
      resource: 'notes',
      scopes: ['read', 'write'],
      tools: ['whoami', 'list', 'add'],
      ownTools: [],
      changes: true,
    });
    expect(inGlobex).toMatchObject({ tenantId: globex, roles: [{ rule: 'by Olga' }], access: { roles: ['viewer'] } });
  });

  it('nobody does anything in a tenant that is suspended', () => {
    const tenants = policy.tenants.map((tenant) => ({ ...tenant, isSuspended: tenant.id === acme }));
    const [inAcme, inGlobex] = previewPerson({ ...policy, tenants }, arrival('eng'), new Map(), 0);
    expect(inAcme?.access.resources).toEqual([]);
    expect(inAcme?.roles).toHaveLength(1);
    expect(inGlobex?.access.resources).toHaveLength(2);
  });
});

describe('the difference for a person', () => {
  const add = { resource: 'notes', name: 'add' };
  const purge = { resource: 'notes', name: 'purge' };

  it('names what is gained and what is lost', () => {
    expect(differenceOf(access('viewer'), access('admin'))).toMatchObject({
      roles: { gained: ['admin'], lost: ['viewer'] },
      permissions: { gained: ['write', 'delete', 'drawbridge:people'], lost: [] },
      scopes: { gained: [{ resource: 'notes', name: 'write' }], lost: [] },
      tools: { gained: [add, purge], lost: [] },
      becomesAdministrator: true,
      losesWrite: false,
    });
    expect(differenceOf(access('admin'), access('viewer')).tools).toEqual({ gained: [], lost: [add, purge] });
  });

  it.each<[string, string[], string[], string]>([
    ['nothing', ['viewer'], ['viewer'], 'stays'],
    ['still nothing', [], ['gone'], 'stays'],
    ['another order', ['viewer', 'editor'], ['editor', 'viewer'], 'stays'],
    ['administers', ['viewer'], ['admin'], 'becomesAdministrator'],
    ['administers at once', [], ['auditor'], 'becomesAdministrator'],
    ['administers and cannot write any more', ['editor'], ['auditor'], 'becomesAdministrator'],
    ['administers no more', ['admin'], ['editor'], 'stopsBeingAdministrator'],
    ['administers no more and is out', ['admin'], [], 'stopsBeingAdministrator'],
    ['is out', ['editor'], [], 'losesAccess'],
    ['cannot write any more', ['editor'], ['viewer'], 'losesWrite'],
    ['is in', [], ['viewer'], 'gainsAccess'],
    ['one more role', ['viewer'], ['viewer', 'editor'], 'changesOtherwise'],
    ['another role that allows the same', ['viewer', 'editor'], ['editor'], 'changesOtherwise'],
    ['only looks after administering', ['admin'], ['auditor', 'editor'], 'changesOtherwise'],
  ])('%s', (_, before, after, change) => {
    expect(changeOf([differenceOf(access(...before), access(...after))])).toBe(change);
  });

  it('the same role that allows less is a loss, and one resource is enough', () => {
    const less = { ...policy, resources: policy.resources.filter(({ id }) => id !== 'notes') };
    const held = [RoleId.parse('editor')];
    const difference = differenceOf(accessOf(policy, held), accessOf(less, held));
    expect(difference).toMatchObject({
      losesWrite: true,
      roles: { gained: [], lost: [] },
      tools: { lost: [{ name: 'whoami' }, { name: 'list' }, add] },
    });
    const renamed = {
      ...policy,
      roles: policy.roles.map((role) => ({ ...role, permissions: [...role.permissions, 'drawbridge:platform'] })),
    };
    expect(changeOf([differenceOf(access('admin'), accessOf(renamed, [RoleId.parse('admin')]))])).toBe('changesOtherwise');
  });

  it('a tool for anything that remains for what is theirs is a loss, and the other way round is none [UP-09]', () => {
    const owned = { scopes: ['write'], permissions: ['delete'], ownPermissions: ['write'] };
    const resources = policy.resources.map((each) => ({ ...each, tools: new Map([...each.tools, ['purge', owned]]) }));
    const as = (...roleIds: string[]) =>
      accessOf(
        { ...policy, resources },
        roleIds.map((id) => RoleId.parse(id)),
      );
    expect(as('editor').resources[0]).toMatchObject({ tools: ['whoami', 'list', 'add', 'purge'], ownTools: ['purge'] });
    const [down, up] = [differenceOf(as('admin'), as('editor', 'auditor')), differenceOf(as('editor'), as('admin'))];
    expect([down.tools, down.onOthers]).toEqual([
      { gained: [], lost: [] },
      { gained: [], lost: [purge] },
    ]);
    expect([up.onOthers, losesSomething(up)]).toEqual([{ gained: [purge], lost: [] }, false]);
    expect(differenceOf(as('viewer'), as('editor'))).toMatchObject({ tools: { gained: [add, purge] }, onOthers: { gained: [], lost: [] } });
    expect(losesSomething(differenceOf(accessOf({ roles: policy.roles, resources: policy.resources }, []), as('editor')))).toBe(false);
    const narrowed = {
      ...policy,
      resources,
      roles: policy.roles.map((role) => ({ ...role, permissions: role.permissions.filter((each) => each !== 'delete') })),
    };
    const kept = differenceOf(as('admin'), accessOf(narrowed, [RoleId.parse('admin')]));
    expect([losesSomething(kept), changeOf([kept]), kept.roles.lost]).toEqual([true, 'changesOtherwise', []]);
  });

  it('of several tenants the gravest counts', () => {
    const all = [
      differenceOf(access(), access('viewer')),
      differenceOf(access('editor'), access('viewer')),
      differenceOf(access(), access()),
    ];
    expect([changeOf(all), changeOf(all.toReversed()), changeOf([])]).toEqual(['losesWrite', 'losesWrite', 'stays']);
  });
});
