/** What stands along the top of an administrator's page: where else to go, and who is signed in. */
import { hiddenFields } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { displayName, named } from './names.ts';

export interface Bar {
  places: readonly { name: string; href: `/${string}`; isHere: boolean }[];
  account: string;
  signOutAction: string;
  csrf: string;
}

export const barContent = ({ places, account, signOutAction, csrf }: Bar): Html =>
  html`<nav aria-label="Administration">
      ${places.map(({ name, href, isHere }) => html`<a href="${href}" aria-current="${isHere && 'page'}">${displayName(name)}</a>`)}
    </nav>
    <form method="post" class="account" action="${signOutAction}">
      ${hiddenFields({ csrf })}<span>${named(account)}</span><button class="button leave">Sign out</button>
    </form>`;
