import type { Bar } from './bar.ts';
import type { Organisation } from './layout.ts';
import type { Notice } from './notice.ts';

/** One rule of the draft, as it stands in its fields. */
export interface RuleRow {
  /** The number of the published rule it came from; null for a new one. */
  from: number | null;
  /** What the person typed, as they typed it. */
  group: string;
  effect: 'give' | 'deny';
  /** The id of a role, or `*`. */
  role: string;
  /** What else has to hold or when it ends, in whole sentences; it stays with the rule and cannot be edited here. */
  more: readonly string[];
  /** The same, for the form to bring back. */
  carried: string;
  /** What is published instead, as parts of one sentence; empty when it is the same. */
  published: readonly PublishedPart[];
  isMoved: boolean;
  /** What is wrong with it; null when nothing is. */
  problem: string | null;
}

/** One thing that is different in the published version. A value from outside is shown to be compared. */
export interface PublishedPart {
  what: 'group' | 'role' | 'effect' | 'place';
  value: string;
}

/** A published rule that the draft leaves out. */
export interface RemovedRule {
  number: number;
  sentence: string;
}

/** In the order of the numbers on the page; everybody is in exactly one. */
export const changeKinds = [
  'becomesAdministrator',
  'gainsAccess',
  'stopsBeingAdministrator',
  'losesAccess',
  'losesWrite',
  'losesOtherwise',
  'changesOtherwise',
  'stays',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface ChangedPersonRow {
  name: string;
  /** How they sign in, such as an e-mail address; empty when there is nothing to show. */
  account: string;
  isYou: boolean;
  before: string;
  after: string;
  /** "rule 3", "no rule fits". */
  why: string;
  /** What is lost where the roles alone do not say so. */
  loses: string;
}

export interface ChangedPeople {
  kind: ChangeKind;
  count: number;
  /** The first few; empty for those who stay as they are. */
  people: readonly ChangedPersonRow[];
}

export interface PreviewView {
  people: number;
  /** With its zone: "14:32 UTC". */
  time: string;
  kinds: readonly ChangedPeople[];
  /** How many people lose something. */
  losing: number;
  /** Of how many something is not known that the rules ask for. */
  unknown: number;
}

/** Why publishing this draft would leave nobody who could put it right. */
export type LockOut = { who: 'you'; through: string } | { who: 'everybody' };

/** Whether and how the draft can be published. */
export type PublishView =
  | { state: 'open'; typed: string; problem: string | null }
  | { state: 'unchanged' | 'locked-out' | 'problems' | 'only-looking' | 'from-file' | 'beyond-reach' | 'not-yours' };

/** What somebody with these groups would have. */
export interface TrialResult {
  roles: readonly { name: string; why: string }[];
  denied: readonly { name: string; why: string }[];
  /** Rules that hang on what a list of groups does not say. */
  open: readonly string[];
  can: readonly { server: string; titles: readonly string[]; tools: readonly string[] }[];
  administers: boolean;
  /** Their roles by the published rules, when those are others. */
  published: string | null;
}

export interface TrialView {
  groups: string;
  /** The ways to sign in, when there are several. */
  connections: readonly { id: string; name: string; isChosen: boolean }[];
  result: TrialResult | null;
}

export interface AccessRulesView {
  organisation: Organisation;
  bar: Bar;
  workspace: string;
  /** Where every button of the page posts to. */
  action: string;
  csrf: string;
  /** The revision the draft was begun on. */
  revision: number;
  /** What was checked and when, for whoever takes the form to tell. */
  checked: string;
  isDraft: boolean;
  /** Says what happened; a lock-out speaks instead of it. */
  notice: Notice | null;
  rules: readonly RuleRow[];
  removed: readonly RemovedRule[];
  roles: readonly { id: string; name: string }[];
  /** What everybody else gets; null is no access. */
  defaultRole: string | null;
  /** Null while the draft has problems. */
  preview: PreviewView | null;
  lockOut: LockOut | null;
  publish: PublishView;
  trial: TrialView;
}
