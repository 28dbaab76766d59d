import type { Context } from 'koa';
import { sameText } from '../domain/digest.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Parameters } from './body.ts';
import type { Browser } from './cookies.ts';

/** A value that only a page made for this browser and this transaction holds. */
export function csrfToken(sealing: Sealing, browser: Browser, transaction: string): string {
  return sealing.mac('csrf', `${browser.digest}.${transaction}`);
}

/** Where browsers say a request came from: another site's page may not press our buttons. Fetch Metadata §2.2. */
function cameFromUs(ctx: Context, issuer: string): boolean {
  const site = ctx.get('sec-fetch-site');
  if (site !== '') return site === 'same-origin' || site === 'none';
  const origin = ctx.get('origin');
  return origin === '' || origin === issuer;
}

export function requireOurForm(
  ctx: Context,
  facts: { issuer: string; sealing: Sealing; browser: Browser; transaction: string; form: Parameters },
): void {
  const { issuer, sealing, browser, transaction, form } = facts;
  const csrf = form.values['csrf'];
  const genuine = csrf !== undefined && !form.repeated.has('csrf') && sameText(csrf, csrfToken(sealing, browser, transaction));
  if (!genuine || !cameFromUs(ctx, issuer)) throw new PageRefusal('other-browser', 'the form is not one we gave this browser');
}
