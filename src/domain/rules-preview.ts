import { changeOf } from './access-difference.ts';
import type { AccessDifference, Change } from './access-difference.ts';
import type { UserId } from './ids.ts';

/** As `Change`, and who loses something that the others do not speak of stands apart. */
export type RulesChange = Change | 'losesOtherwise';

export const rulesChanges = [
  'becomesAdministrator',
  'gainsAccess',
  'stopsBeingAdministrator',
  'losesAccess',
  'losesWrite',
  'losesOtherwise',
  'changesOtherwise',
  'stays',
] as const satisfies readonly RulesChange[];

/** Somebody in a workspace to whom a change of its rules is something. */
export interface ChangedMember {
  readonly userId: UserId;
  readonly isYou: boolean;
  readonly name: string | null;
  readonly email: string | null;
  /** Names of their roles. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What decides about them then. */
  readonly why: string;
  /** Titles and tools they lose. */
  readonly loses: readonly string[];
}

/** Why nobody who could put it right would be left: whoever asks, by what they are one now, or everybody. */
export type LockedOut = { readonly who: 'you'; readonly through: string } | { readonly who: 'everybody' };

/** What other rules would be to everybody in one tenant. */
export interface RulesPreview {
  /** When it was worked out (ms since the epoch). */
  readonly at: number;
  /** Everybody with a role, now or then. */
  readonly people: number;
  readonly counts: Readonly<Record<RulesChange, number>>;
  /** The first few of each. */
  readonly members: Readonly<Partial<Record<RulesChange, readonly ChangedMember[]>>>;
  /** How many lose anything at all. */
  readonly losing: number;
  readonly unknown: number;
  readonly lockedOut: LockedOut | null;
}

/** Whether anything is taken from somebody, whatever they get for it. */
export const losesAnything = ({ permissions, scopes, tools, onOthers, ...is }: AccessDifference): boolean =>
  is.losesAccess ||
  is.losesWrite ||
  is.stopsBeingAdministrator ||
  [permissions, scopes, tools, onOthers].some(({ lost }) => lost.length > 0);

export function rulesChangeOf(difference: AccessDifference): RulesChange {
  const change = changeOf([difference]);
  return change === 'changesOtherwise' && losesAnything(difference) ? 'losesOtherwise' : change;
}
