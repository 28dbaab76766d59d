import { groupCalled } from '../../domain/group-name.ts';
import type { GroupNaming } from '../../domain/group-name.ts';
import { ConnectionId } from '../../domain/ids.ts';
import type { MappingRule } from '../../domain/mapping-rule.ts';
import { everything } from '../../domain/mapping-rule.ts';
import { momentOf } from '../../domain/moment.ts';
import type { DraftRow, RowProblem, RowProblems } from '../../domain/rules-draft.ts';
import { rowOf } from '../../domain/rules-draft.ts';
import type { ChangedMember, RulesPreview } from '../../domain/rules-preview.ts';
import { rulesChanges } from '../../domain/rules-preview.ts';
import type { ChangedPersonRow, PreviewView, PublishedPart, RemovedRule, RuleRow } from '../../pages/access-rules-view.ts';
import { mostConditions } from './draft-form.ts';
import type { Press } from './draft-form.ts';

/** What a page of rules calls things, and when it is shown (ms since the epoch). */
interface Names {
  readonly roles: readonly { readonly id: string; readonly name: string }[];
  readonly connections: readonly { readonly id: string; readonly name: string }[];
  readonly naming: GroupNaming;
  readonly now: number;
}

const roleName = ({ roles }: Names, id: string): string =>
  id === everything ? 'any role' : (roles.find((role) => role.id === id)?.name ?? id);

const connectionName = ({ connections }: Names, id: string): string => connections.find((connection) => connection.id === id)?.name ?? id;

/** What a group in a row is called; null where nobody told. */
function calledIn({ naming }: Names, { group, connection }: DraftRow): string | null {
  return group === '' ? null : groupCalled(naming, group, ConnectionId.safeParse(connection).data ?? null);
}

const withName = (names: Names, row: DraftRow): string => {
  const name = calledIn(names, row);
  return name === null ? row.group : `${name} (${row.group})`;
};

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

export const timeOf = (at: number): string => `${hour.format(at)} UTC`;

const conditionsOf = ({ where }: DraftRow): string[] =>
  where.filter(({ claim, is }) => claim !== '' && is.length > 0).map(({ claim, is }) => `${claim} is ${is.join(' or ')}`);

const viaOf = ({ connection }: DraftRow, names: Names): string => `for people who sign in with ${connectionName(names, connection)}`;

/** What else a rule asks for, in sentences. */
function moreOf(row: DraftRow, names: Names): string[] {
  const ends = momentOf(row.until);
  return [
    ...(row.connection === '' ? [] : [`Only ${viaOf(row, names)}.`]),
    ...conditionsOf(row).map((condition) => `Only where ${condition}.`),
    ...(ends === null || row.effect === 'deny' ? [] : [`${ends <= names.now ? 'Ended on' : 'Until'} ${day.format(ends)} UTC.`]),
  ];
}

const sameConditions = (row: DraftRow, before: DraftRow): boolean => JSON.stringify(row.where) === JSON.stringify(before.where);

/** What of the published rule is otherwise under “More”. */
function publishedMore(row: DraftRow, before: DraftRow, names: Names): PublishedPart[] {
  const ends = momentOf(before.until);
  const conditions = conditionsOf(before);
  const more = (value: string): PublishedPart => ({ what: 'more', value });
  return [
    ...(row.connection === before.connection
      ? []
      : [more(before.connection === '' ? 'for any way to sign in' : `only ${viaOf(before, names)}`)]),
    ...(sameConditions(row, before) ? [] : [more(conditions.length === 0 ? 'no conditions' : `only where ${conditions.join(' and ')}`)]),
    ...(row.until === before.until ? [] : [more(ends === null ? 'no end' : `until ${day.format(ends)} UTC`)]),
  ];
}

function publishedParts(row: DraftRow, before: DraftRow | undefined, isMoved: boolean, names: Names): PublishedPart[] {
  if (before === undefined) return [];
  const called = calledIn(names, before);
  const parts: PublishedPart[] = [
    ...(row.group === before.group ? [] : [{ what: 'group', value: before.group, called } as const]),
    ...(row.effect === before.effect ? [] : [{ what: 'effect', value: before.effect === 'give' ? 'get' : 'never get' } as const]),
    ...(row.role === before.role ? [] : [{ what: 'role', value: roleName(names, before.role) } as const]),
    ...publishedMore(row, before, names),
  ];
  return isMoved ? [...parts, { what: 'place', value: String(before.from) }] : parts;
}

const underMore = ({ field }: RowProblem): boolean => field !== 'group' && field !== 'role';

/** What the rows are shown with. */
interface ShownDraft {
  readonly rows: readonly DraftRow[];
  readonly published: readonly DraftRow[];
  readonly problems: RowProblems;
  readonly press: Press;
}

/** The rows of the draft beside what is published. */
export function rowsView({ rows, published, problems, press }: ShownDraft, names: Names): RuleRow[] {
  return rows.map((row, index) => {
    const before = published.find(({ from }) => from !== null && from === row.from);
    const place = before?.from ?? 0;
    // Taking one away moves nobody; standing before one that came earlier does.
    const isMoved = rows.slice(index + 1).some(({ from }) => from !== null && from < place);
    const parts = publishedParts(row, before, isMoved, names);
    const wrong = problems.get(index + 1) ?? [];
    const isPressed = (press.what === 'narrow' || press.what === 'widen') && press.row === index + 1;
    return {
      from: before?.from ?? null,
      group: row.group,
      called: calledIn(names, row),
      effect: row.effect,
      role: row.role,
      connection: row.connection,
      until: row.until,
      conditions: row.where.map(({ claim, is }) => ({ claim, is: is.join('\n') })),
      canNarrow: row.where.length < mostConditions,
      isOpen: isPressed || wrong.some(underMore) || parts.some(({ what }) => what === 'more'),
      more: moreOf(row, names),
      published: parts,
      isMoved,
      problems: wrong,
    };
  });
}

function sentence(row: DraftRow, names: Names): string {
  const who = row.group === '' ? 'People' : `People in the group ${withName(names, row)}`;
  const gets = row.effect === 'give' ? 'get the role' : 'never get';
  const what = row.effect === 'deny' && row.role !== everything ? `the role ${roleName(names, row.role)}` : roleName(names, row.role);
  return [`${who} ${gets} ${what}.`, ...moreOf(row, names)].join(' ');
}

export const removedView = (rows: readonly DraftRow[], published: readonly DraftRow[], names: Names): RemovedRule[] =>
  published
    .filter(({ from }) => !rows.some((row) => row.from === from))
    .map((row) => ({ number: row.from ?? 0, sentence: sentence(row, names) }));

export const publishedRows = (rules: readonly MappingRule[]): DraftRow[] => rules.map((rule, index) => rowOf(rule, index + 1));

const listed = (names: readonly string[]): string => (names.length === 0 ? 'No access' : names.join(', '));

function person({ name, email, isYou, before, after, why, loses }: ChangedMember, tellsLoss: boolean): ChangedPersonRow {
  return {
    name: name ?? email ?? 'Somebody without a name',
    account: name === null ? '' : (email ?? ''),
    isYou,
    before: listed(before),
    after: listed(after),
    why,
    loses: tellsLoss && loses.length > 0 ? `Loses: ${loses.join(', ')}` : '',
  };
}

/** Where the roles themselves say what is lost. */
const plain = ['losesAccess', 'losesWrite', 'stopsBeingAdministrator'];

export function previewView({ people, at, counts, members, losing, unknown }: RulesPreview): PreviewView {
  const kinds = rulesChanges.map((kind) => ({
    kind,
    count: counts[kind],
    people: (members[kind] ?? []).map((member) => person(member, !plain.includes(kind))),
  }));
  return { people, time: timeOf(at), kinds, losing, unknown };
}
