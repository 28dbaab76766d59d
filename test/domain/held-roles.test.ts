import { describe, expect, it } from '@jest/globals';
import { heldRoles, permissionsOf, rolesOf } from '../../src/domain/held-roles.ts';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { Role } from '../../src/domain/resource.ts';
import type { HeldRole, RoleRules } from '../../src/domain/role-mapping.ts';
import type { Membership } from '../../src/domain/tenant.ts';
import type { Identity } from '../../src/domain/user.ts';

const [okta, google] = [ConnectionId.parse('okta'), ConnectionId.parse('google')];
const [viewer, editor, admin] = [RoleId.parse('viewer'), RoleId.parse('editor'), RoleId.parse('admin')];
const now = 1_000;

const rules: RoleRules = {
  rules: [{ group: 'eng', role: editor, connectionId: null }],
  members: [],
  defaultRole: null,
};

const identity: Identity = {
  id: 'i',
  userId: UserId.parse('u_1'),
  connectionId: okta,
  issuer: 'https://okta.example',
  subject: 'ana',
  createdAt: 1,
  known: { groups: ['eng'], claims: {} },
  knownAt: 1,
};

const given = (role: RoleId, changed: Partial<HeldRole> = {}): HeldRole => ({
  role,
  connectionId: okta,
  rule: 'r',
  source: 'assigned',
  ...changed,
});

const membership = (...roles: HeldRole[]): Membership => ({
  id: 'acme:u_1',
  tenantId: TenantId.parse('acme'),
  userId: UserId.parse('u_1'),
  roles,
  version: 1,
});

const idsOf = (...args: Parameters<typeof heldRoles>) => heldRoles(...args).map(({ role }) => role);

describe('the roles somebody holds', () => {
  it('are what the rules make of what is known', () => {
    expect(idsOf(rules, identity, null, now)).toEqual([editor]);
    expect(idsOf(rules, { ...identity, known: { groups: [], claims: {} } }, null, now)).toEqual([]);
    expect(idsOf({ ...rules, rules: [] }, identity, null, now)).toEqual([]);
  });

  it('and what was assigned by hand, through its connection alone [W71]', () => {
    expect(idsOf(rules, identity, membership(given(admin)), now).sort()).toEqual([admin, editor]);
    expect(idsOf(rules, identity, membership(given(admin, { connectionId: google })), now)).toEqual([editor]);
  });

  it('until it ends by itself', () => {
    const until = (expiresAt: number) => idsOf(rules, identity, membership(given(admin, { expiresAt })), now);
    expect([until(now + 1), until(now)].map((held) => held.includes(admin))).toEqual([true, false]);
  });

  const before = given(viewer);
  const legacy: HeldRole = { role: before.role, connectionId: before.connectionId, rule: before.rule };
  const { known: _known, knownAt: _knownAt, ...unknown } = identity;

  it('a row from before roles were computed stands until something is known [W71]', () => {
    expect(idsOf(rules, unknown, membership(legacy), now)).toEqual([viewer]);
    expect(idsOf(rules, identity, membership(legacy), now)).toEqual([editor]);
  });

  it('where nothing is known only what was assigned by hand', () => {
    expect(idsOf(rules, unknown, membership(given(admin)), now)).toEqual([admin]);
    expect(idsOf(rules, unknown, null, now)).toEqual([]);
  });
});

describe('what roles allow', () => {
  const roles: Role[] = [
    { id: viewer, name: 'Viewer', permissions: ['read'] },
    { id: editor, name: 'Editor', permissions: ['read', 'write'] },
  ];

  it.each<[string, RoleId[], string[]]>([
    ['nothing without a role', [], []],
    ['what the role allows', [viewer], ['read']],
    ['the union, once each', [editor, viewer], ['read', 'write']],
    ['nothing for a role that is not configured any more', [admin], []],
  ])('%s', (_, ids, permissions) => {
    const held = rolesOf(
      ids.map((id) => given(id)),
      roles,
    );
    expect(permissionsOf(held)).toEqual(permissions);
  });
});
