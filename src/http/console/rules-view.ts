import type { Directory } from '../../domain/directory.ts';
import type { MappingRule } from '../../domain/mapping-rule.ts';
import { everything } from '../../domain/mapping-rule.ts';
import type { DraftRow } from '../../domain/rules-draft.ts';
import { rowOf } from '../../domain/rules-draft.ts';
import type { ChangedMember, RulesPreview } from '../../domain/rules-preview.ts';
import { rulesChanges } from '../../domain/rules-preview.ts';
import type { ChangedPersonRow, PreviewView, PublishedPart, RemovedRule, RuleRow } from '../../pages/access-rules-view.ts';
import { carriedText } from './draft-form.ts';

type Names = Pick<Directory, 'roles' | 'connections'>;

const roleName = ({ roles }: Names, id: string): string =>
  id === everything ? 'any role' : (roles.find((role) => role.id === id)?.name ?? id);

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

export const timeOf = (at: number): string => `${hour.format(at)} UTC`;

/** What else a rule asks for, in sentences. */
function moreOf({ more: { connectionId, where = [], until }, effect }: DraftRow, names: Names): string[] {
  const connection = names.connections.find(({ id }) => id === connectionId)?.name ?? connectionId;
  return [
    ...(connection === null ? [] : [`Only for people who sign in with ${connection}.`]),
    ...where.map(({ claim, is }) => `Only where ${claim} is ${is.join(' or ')}.`),
    ...(until === undefined || effect === 'deny' ? [] : [`Until ${day.format(until)} UTC.`]),
  ];
}

function publishedParts(row: DraftRow, before: DraftRow | undefined, isMoved: boolean, names: Names): PublishedPart[] {
  if (before === undefined) return [];
  const parts: PublishedPart[] = [
    ...(row.group === before.group ? [] : [{ what: 'group', value: before.group } as const]),
    ...(row.effect === before.effect ? [] : [{ what: 'effect', value: before.effect === 'give' ? 'get' : 'never get' } as const]),
    ...(row.role === before.role ? [] : [{ what: 'role', value: roleName(names, before.role) } as const]),
  ];
  return isMoved ? [...parts, { what: 'place', value: String(before.from) }] : parts;
}

/** The rows of the draft beside what is published. */
export function rowsView(
  rows: readonly DraftRow[],
  published: readonly DraftRow[],
  problems: ReadonlyMap<number, string>,
  names: Names,
): RuleRow[] {
  return rows.map((row, index) => {
    const before = published.find(({ from }) => from !== null && from === row.from);
    const place = before?.from ?? 0;
    // Taking one away moves nobody; standing before one that came earlier does.
    const isMoved = rows.slice(index + 1).some(({ from }) => from !== null && from < place);
    return {
      from: before?.from ?? null,
      group: row.group,
      effect: row.effect,
      role: row.role,
      more: moreOf(row, names),
      carried: carriedText(row.more),
      published: publishedParts(row, before, isMoved, names),
      isMoved,
      problem: problems.get(index + 1) ?? null,
    };
  });
}

function sentence(row: DraftRow, names: Names): string {
  const who = row.group === '' ? 'People' : `People in the group ${row.group}`;
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
