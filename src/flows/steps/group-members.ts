import type { ProvisionedGroup } from '../../domain/provisioned.ts';
import { groupNames } from '../../domain/provisioned.ts';
import type { MemberChange } from '../../domain/scim-group.ts';
import { present } from '../../domain/scim-members.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ProvisionedGroups } from '../../ports/provisioned-groups.ts';
import type { ProvisionedUsers } from '../../ports/provisioned-users.ts';
import type { Users } from '../../ports/users.ts';
import { forEach } from './scim-caller.ts';

export interface GroupMembersDependencies {
  readonly provisionedUsers: ProvisionedUsers;
  readonly provisionedGroups: ProvisionedGroups;
  readonly users: Pick<Users, 'identity' | 'learn'>;
  readonly clock: Clock;
}

export async function memberIds(
  { provisionedGroups }: Pick<GroupMembersDependencies, 'provisionedGroups'>,
  groupId: string,
): Promise<string[]> {
  return present(await provisionedGroups.membersOf(groupId));
}

/** Who left a group is not in it any more by what their token said before either: this is the newer word. */
async function unsay(
  { provisionedUsers, users, clock }: GroupMembersDependencies,
  userId: string,
  names: readonly string[],
): Promise<void> {
  const identityId = (await provisionedUsers.get(userId))?.identityId;
  const known = identityId === undefined ? undefined : (await users.identity(identityId))?.known;
  if (identityId === undefined || known === undefined || !known.groups.some((group) => names.includes(group))) return;
  await users.learn(identityId, { groups: known.groups.filter((group) => !names.includes(group)) }, clock.now());
}

/** Has somebody's own row say which groups they are in now, and then notes that it does. */
async function settle(
  { provisionedUsers, provisionedGroups, clock }: GroupMembersDependencies,
  groupId: string,
  userId: string,
  done: 'join' | 'leave',
): Promise<void> {
  const outcome = await provisionedUsers.regroup(userId, () => provisionedGroups.groupsOf(userId), clock.now());
  await provisionedGroups.settled(groupId, userId, done);
  // Removed while they were joining.
  if (outcome === 'gone') await provisionedGroups.forget(userId);
}

/** Lets people join and leave, one change after the other; what an earlier call left unfinished is finished too. */
export async function applyMembers(
  dependencies: GroupMembersDependencies,
  group: ProvisionedGroup,
  changes: readonly MemberChange[],
): Promise<void> {
  const { provisionedGroups } = dependencies;
  const { id: groupId } = group;
  const join = async (userId: string) => {
    if (await provisionedGroups.join(groupId, userId)) await settle(dependencies, groupId, userId, 'join');
  };
  const leave = async (userId: string) => {
    if (!(await provisionedGroups.leave(groupId, userId))) return;
    await unsay(dependencies, userId, groupNames(group));
    await settle(dependencies, groupId, userId, 'leave');
  };
  for (const { op, users } of changes) {
    const wanted = new Set(users);
    const before = op === 'set' ? await provisionedGroups.membersOf(groupId) : [];
    const settled = new Set(before.filter(({ pending }) => pending === undefined).map(({ userId }) => userId));
    // Who is to lose something first.
    await forEach(op === 'remove' ? users : before.map(({ userId }) => userId).filter((userId) => !wanted.has(userId)), leave);
    if (op !== 'remove')
      await forEach(
        users.filter((userId) => !settled.has(userId)),
        join,
      );
  }
}

/** A group of another name means something else to rules, so that everybody in it has to say so. */
export async function renameForMembers(
  dependencies: GroupMembersDependencies,
  before: ProvisionedGroup,
  group: ProvisionedGroup,
): Promise<void> {
  const { provisionedUsers, provisionedGroups, clock } = dependencies;
  const gone = groupNames(before).filter((name) => !groupNames(group).includes(name));
  const isRenamed = gone.length > 0 || before.externalId !== group.externalId;
  await forEach(await memberIds(dependencies, group.id), async (userId) => {
    const held = isRenamed ? null : await provisionedUsers.get(userId);
    const known = held?.groups.find(({ id }) => id === group.id);
    // As an earlier call that was cut off may have left it.
    if (known?.displayName === group.displayName && known.externalId === group.externalId) return;
    await provisionedUsers.regroup(userId, () => provisionedGroups.groupsOf(userId), clock.now());
    if (gone.length > 0) await unsay(dependencies, userId, gone);
  });
}
