import type { ClaimCondition } from '../../domain/mapping-rule.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { blankRow } from '../../domain/rules-draft.ts';
import type { DraftRow } from '../../domain/rules-draft.ts';
import { visible } from '../../pages/html.ts';
import { withoutUnseen } from '../../pages/names.ts';
import type { Parameters } from '../body.ts';

/** For a condition as many as a rule may have. */
export const mostConditions = 20;
/** A form with as many rules as a workspace may have: seven fields each, and two for each condition. */
export const formLimits = { limit: 2_000_000, most: 500 * (7 + 2 * mostConditions) + 100 } as const;

/** What is typed in one line, as a browser sends back what a page shows of it. */
const inLine = (text: string): string =>
  visible(text)
    .replace(/[\r\n]/g, '')
    .trim();

const linesOf = (text: string): string[] =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => withoutUnseen(line).trim())
    .filter((line) => line !== '');

/** What nobody touched stays as it is published, with whatever a field cannot show. */
const groupOf = (typed: string, published: DraftRow | undefined): string =>
  published !== undefined && typed === inLine(published.group) ? published.group : typed;

function conditionOf(claim: string, text: string, published: DraftRow | undefined): ClaimCondition {
  const is = linesOf(text);
  const shown = JSON.stringify([claim, is]);
  const same = published?.where.find((before) => JSON.stringify([inLine(before.claim), linesOf(before.is.join('\n'))]) === shown);
  return same ?? { claim, is };
}

const fields = ['from', 'group', 'effect', 'role', 'connection', 'until', 'conditions'] as const;

/** The rows of the form in their order: every row has each of its fields once, and says how many conditions are its own. */
export function rowsOf(form: Parameters, published: readonly DraftRow[]): DraftRow[] {
  const columns = new Map(fields.map((name) => [name, form.all(name)]));
  const [claims, values] = [form.all('claim'), form.all('is')];
  const length = form.all('from').length;
  const counts = (columns.get('conditions') ?? []).map((count) => (/^\d{1,2}$/.test(count) ? Number(count) : Number.NaN));
  const conditions = counts.reduce((sum, count) => sum + count, 0);
  const isWhole = [...columns.values()].every((column) => column.length === length) && claims.length === conditions;
  if (!isWhole || values.length !== conditions) throw new PageRefusal('malformed-request', 'the rows of the form are not whole');
  let next = 0;
  return counts.map((count, index) => {
    const text = (name: (typeof fields)[number]): string => inLine(columns.get(name)?.[index] ?? '');
    const number = Number(text('from'));
    const from = Number.isInteger(number) && number > 0 ? number : null;
    const before = from === null ? undefined : published[from - 1];
    const at = next;
    next += count;
    return {
      from,
      group: groupOf(text('group'), before),
      effect: text('effect') === 'deny' ? 'deny' : 'give',
      role: text('role'),
      connection: text('connection'),
      until: text('until'),
      where: Array.from({ length: count }, (_, one) => conditionOf(inLine(claims[at + one] ?? ''), values[at + one] ?? '', before)),
    };
  });
}

/** What was pressed, and at which row; `narrow` adds a condition to it, `widen` takes one away. */
export type Press =
  | { readonly what: 'check' | 'add' | 'publish' | 'try' }
  | { readonly what: 'up' | 'remove' | 'back' | 'narrow'; readonly row: number }
  | { readonly what: 'widen'; readonly row: number; readonly condition: number };

export function pressOf(form: Parameters): Press {
  const [what = '', row, condition] = (form.values['press'] ?? 'check').split('.');
  if (what === 'add' || what === 'publish' || what === 'try') return { what };
  if (what === 'widen') return { what, row: Number(row), condition: Number(condition) };
  return what === 'up' || what === 'remove' || what === 'back' || what === 'narrow' ? { what, row: Number(row) } : { what: 'check' };
}

const blankCondition: ClaimCondition = { claim: '', is: [] };

function withConditions(row: DraftRow, press: Press): DraftRow {
  if (press.what === 'narrow' && row.where.length < mostConditions) return { ...row, where: [...row.where, blankCondition] };
  return press.what === 'widen' ? { ...row, where: row.where.filter((_, index) => index !== press.condition - 1) } : row;
}

/** The rows after the press; `published` are those a removed one comes back from. */
export function edited(rows: readonly DraftRow[], press: Press, published: readonly DraftRow[], role: string): DraftRow[] {
  if (press.what === 'add') return [...rows, blankRow(role)];
  if (!('row' in press)) return [...rows];
  const at = press.row - 1;
  const row = rows[at];
  if (press.what === 'back') {
    const back = published[at];
    return back === undefined || rows.some(({ from }) => from === back.from) ? [...rows] : [...rows, back];
  }
  if (row === undefined) return [...rows];
  const others = rows.filter((_, index) => index !== at);
  if (press.what === 'remove') return others;
  return press.what === 'up' ? others.toSpliced(Math.max(0, at - 1), 0, row) : others.toSpliced(at, 0, withConditions(row, press));
}
