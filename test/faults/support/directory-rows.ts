import { expect } from '@jest/globals';
import { ConnectionId, RoleId, TenantId, UserId } from '../../../src/domain/ids.ts';
import type { ProvisionedGroup, ProvisionedUser } from '../../../src/domain/provisioned.ts';
import type { HeldRole } from '../../../src/domain/role-mapping.ts';
import { systemClock } from '../../../src/platform/system-clock.ts';
import { noFeed } from '../../../src/ports/authority-feed.ts';
import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import { openGroupNames } from '../../../src/stores/group-names.ts';
import { openMemberships } from '../../../src/stores/memberships.ts';
import { openNewcomers } from '../../../src/stores/newcomers.ts';
import { openProvisionedGroups } from '../../../src/stores/provisioned-groups.ts';
import { openProvisionedUsers } from '../../../src/stores/provisioned-users.ts';
import { openScimTokens } from '../../../src/stores/scim-tokens.ts';

const connectionId = ConnectionId.parse('elsewhere');
const [tenant, person] = [TenantId.parse('acme'), UserId.parse('user-elsewhere')];
const held = (role: string): HeldRole => ({ role: RoleId.parse(role), connectionId, rule: 'by hand', source: 'assigned' });
const times = { version: 1, createdAt: 1, changedAt: 1 };
const group: ProvisionedGroup = { id: 'group-1', connectionId, displayName: 'Eng', nameKey: 'elsewhere:eng', ...times };
const named = { userName: 'ana', userNameKey: 'elsewhere:ana', externalId: 'x-ana', identityId: 'identity of ana' };
const user: ProvisionedUser = { id: 'user-1', connectionId, ...named, active: true, attributes: {}, groups: [], ...times };

/** Rows about people that an administrator or an identity provider writes, written and worked with by the stores themselves. */
export function directoryRows() {
  return {
    async write(engine: DocumentEngine): Promise<void> {
      await openMemberships(engine, noFeed).resync(tenant, person, connectionId, [held('viewer')]);
      expect(await openNewcomers(engine).take(connectionId, 5)).toBe(true);
      const names = openGroupNames(engine, systemClock);
      names.note(connectionId, new Map([['g-1', 'Engineering']]));
      await names.settled();
      expect((await openProvisionedUsers(engine, noFeed).add(user)).outcome).toBe('written');
      const groups = openProvisionedGroups(engine);
      expect((await groups.add(group)).outcome).toBe('written');
      expect(await groups.join(group.id, user.id)).toBe(true);
      await openScimTokens(engine).add({ id: 'digest', connectionId, createdAt: 1 });
    },
    async workWith(engine: DocumentEngine): Promise<void> {
      const memberships = openMemberships(engine, noFeed);
      await memberships.resync(tenant, person, connectionId, [held('editor')]);
      expect((await memberships.get(tenant, person))?.roles).toEqual([held('editor')]);
      expect(await openNewcomers(engine).take(connectionId, 2)).toBe(true);
      expect(await openNewcomers(engine).take(connectionId, 2)).toBe(false);
      expect(await openGroupNames(engine, systemClock).of(connectionId, ['g-1'])).toEqual(new Map([['g-1', 'Engineering']]));
      const users = openProvisionedUsers(engine, noFeed);
      const changed = await users.change(user.id, () => ({ ...named, active: false, attributes: {} }), 2);
      expect([changed.outcome, (await users.byIdentity(named.identityId))?.active]).toEqual(['written', false]);
      const groups = openProvisionedGroups(engine);
      await groups.settled(group.id, user.id, 'join');
      expect((await groups.groupsOf(user.id)).map(({ displayName }) => displayName)).toEqual(['Eng']);
      const renamed = await groups.change(group.id, () => ({ displayName: 'Builders', nameKey: 'elsewhere:builders' }), 2);
      expect(renamed.outcome).toBe('written');
      const tokens = openScimTokens(engine);
      const [token] = await tokens.ofConnection(connectionId);
      if (token !== undefined) await tokens.used(token, 10_000_000);
      expect((await tokens.get('digest'))?.lastUsedAt).toBe(10_000_000);
    },
  };
}
