import { z } from 'zod';
import { sha256 } from './digest.ts';
import { isGlob } from './glob.ts';
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

/** What groups are called where they are, by their ids. */
export type GroupNaming = ReadonlyMap<ConnectionId, ReadonlyMap<string, string>>;

const longest = 60;

/** A name comes from outside: on one line, without what nobody can see or what turns the text around it, and never endless. */
function cleaned(name: string): string {
  const seen = name
    .normalize('NFC')
    .replace(/[\p{Z}\p{Cc}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cs}]/gu, '')
    .trim();
  const characters = [...seen];
  return characters.length > longest ? `${characters.slice(0, longest).join('').trimEnd()}…` : seen;
}

/** What a group is called, at one connection or wherever it is; null where nobody told, or only its id. */
export function groupCalled(naming: GroupNaming, groupId: string, connectionId: ConnectionId | null): string | null {
  const places = connectionId === null ? [...naming.values()] : [naming.get(connectionId)];
  const names = new Set(places.map((place) => cleaned(place?.get(groupId) ?? '')).filter((name) => name !== '' && name !== groupId));
  return names.size === 0 ? null : [...names].join(' or ');
}

/** A group with its name before its id: a name never stands for it, since two groups may have the same. */
export function groupWithName(naming: GroupNaming, groupId: string, connectionId: ConnectionId | null): string {
  const name = groupCalled(naming, groupId, connectionId);
  return name === null ? groupId : `${name} (${groupId})`;
}

/** The groups that rules name exactly. */
export const groupsIn = (rules: readonly { readonly group?: string }[]): string[] => [
  ...new Set(rules.flatMap(({ group }) => (group === undefined || isGlob(group) ? [] : [group]))),
];
