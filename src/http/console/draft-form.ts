import { z } from 'zod';
import { sha256, sameText } from '../../domain/digest.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { ConnectionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { DraftRow } from '../../domain/rules-draft.ts';
import type { Parameters } from '../body.ts';

/** A form with as many rules as a workspace may have, at four fields each. */
export const formLimits = { limit: 2_000_000, most: 2_100 } as const;

const More = z.object({
  connectionId: ConnectionId.nullable().default(null),
  where: z.array(z.object({ claim: z.string(), is: z.array(z.string()) })).optional(),
  // As far as dates go.
  until: z.number().min(0).max(8.64e15).optional(),
});

export const carriedText = ({ connectionId, ...more }: DraftRow['more']): string =>
  JSON.stringify({ ...(connectionId === null ? {} : { connectionId }), ...more });

function moreOf(text: string): DraftRow['more'] {
  try {
    const { connectionId, where, until } = More.parse(JSON.parse(text));
    return { connectionId, ...(where === undefined ? {} : { where }), ...(until === undefined ? {} : { until }) };
  } catch {
    throw new PageRefusal('malformed-request', 'not the conditions of a rule');
  }
}

/** The rows of the form in their order: every row has each of its fields once. */
export function rowsOf(form: Parameters): DraftRow[] {
  const [from, groups, effects, roles, more] = ['from', 'group', 'effect', 'role', 'more'].map((name) => form.all(name));
  const length = from?.length ?? 0;
  if ([groups, effects, roles, more].some((fields) => fields?.length !== length)) {
    throw new PageRefusal('malformed-request', 'the rows of the form are not whole');
  }
  return Array.from({ length }, (_, index) => {
    const number = Number(from?.[index]);
    return {
      from: Number.isInteger(number) && number > 0 ? number : null,
      group: (groups?.[index] ?? '').trim(),
      effect: effects?.[index] === 'deny' ? 'deny' : 'give',
      role: roles?.[index] ?? '',
      more: moreOf(more?.[index] ?? ''),
    };
  });
}

/** What was pressed, and at which row. */
export type Press =
  | { readonly what: 'check' | 'add' | 'publish' | 'try' }
  | { readonly what: 'up' | 'remove' | 'back'; readonly row: number };

export function pressOf(form: Parameters): Press {
  const [what = '', row] = (form.values['press'] ?? 'check').split('.');
  if (what === 'add' || what === 'publish' || what === 'try') return { what };
  return what === 'up' || what === 'remove' || what === 'back' ? { what, row: Number(row) } : { what: 'check' };
}

/** The rows after the press; `published` are those a removed one comes back from. */
export function edited(rows: readonly DraftRow[], press: Press, published: readonly DraftRow[], role: string): DraftRow[] {
  if (press.what === 'add') return [...rows, { from: null, group: '', effect: 'give', role, more: { connectionId: null } }];
  if (!('row' in press)) return [...rows];
  const at = press.row - 1;
  const row = rows[at];
  if (press.what === 'back') {
    const back = published[at];
    return back === undefined || rows.some(({ from }) => from === back.from) ? [...rows] : [...rows, back];
  }
  if (row === undefined) return [...rows];
  const others = rows.filter((_, index) => index !== at);
  return press.what === 'remove' ? others : others.toSpliced(Math.max(0, at - 1), 0, row);
}

/** What was checked, of which draft, and when: whoever publishes shows it again. */
export interface Checked {
  readonly revision: number;
  readonly at: number;
  readonly draft: string;
}

type Mac = (purpose: string, value: string) => string;
const purpose = 'console-checked';

/** Wherever its rows come from. */
export const draftDigest = (rows: readonly DraftRow[]): string => sha256(canonicalJson(rows.map((row) => ({ ...row, from: null }))));

export function checkedText(mac: Mac, tenant: string, { revision, at, draft }: Checked): string {
  const said = `${revision}.${at}.${draft}`;
  return `${said}.${mac(purpose, `${tenant}.${said}`)}`;
}

export function readChecked(mac: Mac, tenant: string, text: string): Checked | null {
  const [revision, at, draft = '', tag = ''] = text.split('.');
  const said = `${revision}.${at}.${draft}`;
  return sameText(tag, mac(purpose, `${tenant}.${said}`)) ? { revision: Number(revision), at: Number(at), draft } : null;
}
