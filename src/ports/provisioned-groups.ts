import type { ConnectionId } from '../domain/ids.ts';
import type { HeldGroup, ProvisionedGroup, ProvisionedMember } from '../domain/provisioned.ts';

export type GroupFields = Pick<ProvisionedGroup, 'displayName' | 'externalId' | 'nameKey'>;

export type ProvisionedAsGroup = { readonly outcome: 'written'; readonly group: ProvisionedGroup } | { readonly outcome: 'taken' | 'gone' };

/** How long (ms) whoever moves the members of a group has it alone. */
export const movingAlone = 15_000;

export interface ProvisionedGroups {
  get(id: string): Promise<ProvisionedGroup | null>;
  byName(nameKey: string): Promise<ProvisionedGroup | null>;
  /** Every group of a connection, in pages whose order stays. */
  ofConnection(connectionId: ConnectionId): AsyncGenerator<readonly ProvisionedGroup[]>;
  add(group: ProvisionedGroup): Promise<ProvisionedAsGroup>;
  /** Writes what `change` makes of the row as it is at that moment, and that its members are being moved; `busy` while somebody else moves them. */
  change(
    id: string,
    change: (before: ProvisionedGroup) => GroupFields,
    now: number,
  ): Promise<ProvisionedAsGroup | { readonly outcome: 'busy' }>;
  /** Its members are what they were to be; null when somebody else changed the group meanwhile, so that they may not be. */
  arrived(group: ProvisionedGroup): Promise<ProvisionedGroup | null>;
  /** Its members are not what they were to be, and somebody else may move them. */
  cutOff(group: ProvisionedGroup): Promise<void>;
  /** A member was removed. */
  touch(id: string, now: number): Promise<void>;
  remove(id: string): Promise<boolean>;
  /** Who is in a group, or was until a moment ago. */
  membersOf(groupId: string): Promise<ProvisionedMember[]>;
  /** The groups a user is in, as their rows say at this moment. */
  groupsOf(userId: string): Promise<HeldGroup[]>;
  /** From then on the user is in the group; false when they were already and nothing is left to do. */
  join(groupId: string, userId: string): Promise<boolean>;
  /** From then on the user is out of the group; false when they were already and nothing is left to do. */
  leave(groupId: string, userId: string): Promise<boolean>;
  /** The user's own row says what `join` or `leave` did. */
  settled(groupId: string, userId: string, done: 'join' | 'leave'): Promise<void>;
  /** Takes a user out of every group at once, without their own row, which is about to go. */
  forget(userId: string): Promise<void>;
}
