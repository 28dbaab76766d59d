import type { RulesChange } from '../domain/rules-preview.ts';
import type { Bar } from './bar.ts';
import type { Organisation } from './layout.ts';
import type { Notice } from './notice.ts';

/** A field of a rule, with what is wrong with it; of conditions the first is 1. */
export interface FieldProblem {
  field: 'group' | 'role' | 'connection' | 'until' | `claim.${number}` | `is.${number}`;
  problem: string;
}

/** One rule of the draft, as it stands in its fields. */
export interface RuleRow {
  /** The number of the published rule it came from; null for a new one. */
  from: number | null;
  /** What the person typed, as they typed it. */
  group: string;
  /** What the group is called where that is known; it comes from outside. */
  called: string | null;
  effect: 'give' | 'deny';
  /** The id of a role, or `*`. */
  role: string;
  /** The id of a way to sign in; empty for any. */
  connection: string;
  /** When it ends, in UTC as the field has it; empty for never. */
  until: string;
  conditions: readonly Condition[];
  /** Whether one more condition can be added. */
  canNarrow: boolean;
  /** Whether what is under “More” is shown at once. */
  isOpen: boolean;
  /** The same in whole sentences, for when it is not. */
  more: readonly string[];
  /** What is published instead, as parts of one sentence; empty when it is the same. */
  published: readonly PublishedPart[];
  isMoved: boolean;
  problems: readonly FieldProblem[];
}

export interface Condition {
  claim: string;
  /** One value on each line. */
  is: string;
}

/** One thing that is different in the published version. A value from outside is shown to be compared. */
export type PublishedPart =
  | { what: 'role' | 'effect' | 'place' | 'more'; value: string }
  | { what: 'group'; value: string; called: string | null };

/** A published rule that the draft leaves out. */
export interface RemovedRule {
  number: number;
  sentence: string;
}

/** Everybody is in exactly one. */
export type ChangeKind = RulesChange;

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
  | { state: 'unchanged' | 'locked-out' | 'problems' | 'only-looking' | 'from-file' | 'beyond-reach' | 'not-yours' | 'paused' };

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
  /** What their sign-in says of them; null where no rule asks. */
  details: string | null;
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
  /** The ways to sign in that a rule may be for. */
  connections: readonly { id: string; name: string }[];
  /** Groups to choose from, as far as their names are known. */
  groups: readonly { id: string; name: string }[];
  /** What everybody else gets; null is no access. */
  defaultRole: string | null;
  /** Null where nothing was worked out. */
  preview: PreviewView | null;
  lockOut: LockOut | null;
  publish: PublishView;
  trial: TrialView;
}
