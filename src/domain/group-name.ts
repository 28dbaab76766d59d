import { z } from 'zod';
import { sha256 } from './digest.ts';
import { ConnectionId } from './ids.ts';

/** What people at a connection call a group that rules name by an id; for display and never decided by. Times are ms since the epoch. */
export const GroupName = z.object({
  /** `groupNameKey` */
  id: z.string(),
  connectionId: ConnectionId,
  groupId: z.string(),
  name: z.string(),
  /** When a sign-in last told it, to a day. */
  seenAt: z.number(),
  expiresAt: z.number(),
});
export type GroupName = z.infer<typeof GroupName>;

const day = 24 * 3_600_000;
/** A group nobody signed in from for so long is no longer called anything here. */
const nameOutlives = 90 * day;

export const groupNameKey = (connectionId: ConnectionId, groupId: string): string => sha256(JSON.stringify([connectionId, groupId]));

export const groupNameRow = (connectionId: ConnectionId, groupId: string, name: string, now: number): GroupName => ({
  id: groupNameKey(connectionId, groupId),
  connectionId,
  groupId,
  name,
  seenAt: now,
  expiresAt: now + nameOutlives,
});

/** Whether writing the row would say nothing that is not known already. */
export const saysTheSame = (known: Pick<GroupName, 'name' | 'seenAt'> | null | undefined, row: GroupName): boolean =>
  known !== null && known !== undefined && known.name === row.name && Math.abs(row.seenAt - known.seenAt) < day;
