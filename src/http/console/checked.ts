import { canonicalJson } from '../../domain/canonical-json.ts';
import { sameText, sha256 } from '../../domain/digest.ts';
import type { DraftRow } from '../../domain/rules-draft.ts';

/** What was checked, of which draft, and when: whoever publishes shows it again. */
export interface Checked {
  readonly revision: number;
  readonly at: number;
  /** Empty where nothing was: no draft is that one. */
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
