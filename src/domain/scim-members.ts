import type { ProvisionedMember } from './provisioned.ts';
import type { MemberChange } from './scim-group.ts';
import { badRequest } from './scim-refusal.ts';

/** Each of them is a row, and all of them are read whenever who is in a group is changed or told. */
export const mostMembers = 20_000;

/** Each of them stands in the row of the person, which every request of theirs asks for. */
export const mostGroups = 1_000;

export const tooManyMembers = (): Error => badRequest('tooMany', `A group has at most ${mostMembers} members.`);
export const tooManyGroups = (): Error => badRequest('tooMany', `A person is in at most ${mostGroups} groups.`);

type Known = Pick<ProvisionedMember, 'userId' | 'pending'>;

/** The people in a group; whoever is leaving counts as gone. */
export const present = (rows: readonly Known[]): string[] => rows.filter(({ pending }) => pending !== 'leave').map(({ userId }) => userId);

export interface MovedMembers {
  readonly after: ReadonlySet<string>;
  /** Who was not in it and is named as somebody to be, whatever comes of it. */
  readonly joining: readonly string[];
  /** Whether there is anything to do, if only to finish what was cut off. */
  readonly isMoved: boolean;
}

/** What changes make of the members of a group, before any of it is done. */
export function movedMembers(rows: readonly Known[], changes: readonly MemberChange[]): MovedMembers {
  const before = new Set(present(rows));
  const spokenOf = new Set(changes.flatMap(({ users }) => users));
  const isAbout = (userId: string) => spokenOf.has(userId) || changes.some(({ op }) => op === 'set');
  const after = new Set(before);
  for (const { op, users } of changes) {
    if (op === 'set') after.clear();
    users.forEach((id) => (op === 'remove' ? after.delete(id) : after.add(id)));
  }
  const joining = new Set(changes.flatMap(({ op, users }) => (op === 'remove' ? [] : users)).filter((id) => !before.has(id)));
  const isUnfinished = rows.some(({ userId, pending }) => pending !== undefined && isAbout(userId));
  const isOther = before.size !== after.size || [...after].some((id) => !before.has(id));
  return { after, joining: [...joining], isMoved: isOther || isUnfinished };
}
