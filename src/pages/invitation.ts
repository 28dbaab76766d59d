/** What somebody is invited to, before they sign in and, with the account it would be, before they say yes. */
import { hiddenFields, postForm } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { sampleOrganisation } from './samples.ts';

export interface InvitationView {
  organisation: Organisation;
  workspace: string;
  role: string;
  /** What the role lets people do about administration, in sentences. */
  allows: readonly string[];
  /** Who made it; null where it came from the server itself, or they have no name. */
  by: string | null;
  /** Before anybody has signed in, or as whom it would be. */
  next:
    | { press: 'sign-in'; action: string; ticket: string; csrf: string; until: string }
    | {
        press: 'accept';
        action: string;
        transaction: string;
        csrf: string;
        account: string;
        connection: string;
        stopAction: string;
        accountAction: string;
      };
}

const what = ({ workspace, role, by, allows }: InvitationView): Html =>
  html`<p class="lead">
      ${by === null ? html`Whoever takes this looks` : html`${named(by)} invites you to look`} after ${named(workspace)} as ${named(role)}.
    </p>
    <h2>What that lets you do</h2>
    <ul class="rows">
      ${allows.map((sentence) => html`<li class="row"><p>${sentence}</p></li>`)}
    </ul>`;

export function invitation(view: InvitationView): Html {
  const { next, organisation, workspace } = view;
  if (next.press === 'sign-in')
    return layout(
      { title: 'You are invited', organisation },
      gate(
        html`<h1>You are invited</h1>
          ${what(view)}
          <p>Sign in as yourself first. Then you see which account it would be, and decide.</p>
          <form method="post" action="${next.action}">
            ${hiddenFields({ ticket: next.ticket, csrf: next.csrf })}<button class="button main">Sign in</button>
          </form>
          <p class="under">It works once, until ${next.until} UTC. Continue only if you know who sent you the link.</p>`,
      ),
    );
  return layout(
    { title: 'Take the invitation?', organisation },
    gate(
      html`<h1>Take the invitation?</h1>
        ${what(view)}
        <p>
          You are signed in as <b>${named(next.account)}</b> with ${named(next.connection)}. The role is for this account, whenever it comes
          in that way, until an administrator of ${named(workspace)} takes it away.
        </p>
        ${postForm(next.action, next, html`<button class="button main">Take it</button>`)}
        ${postForm(next.accountAction, next, html`<button class="button">Sign in with another account</button>`)}
        ${postForm(next.stopAction, next, html`<button class="button">No, stop here</button>`)}
        <p class="under">Nothing is yours before you press. Stopping leaves the invitation as it is.</p>`,
    ),
  );
}

const signInFirst: InvitationView = {
  organisation: sampleOrganisation,
  workspace: 'Acme',
  role: 'Administrator',
  allows: [
    'Look at people and their roles, rules, connections, apps and what was granted.',
    'Change which groups and claims give which role.',
  ],
  by: null,
  next: { press: 'sign-in', action: '/admin/invitation', ticket: 'sample-ticket', csrf: 'sample-csrf', until: '27 November 2026 at 09:41' },
};

const accept: InvitationView['next'] = {
  press: 'accept',
  action: '/authorize/sample/invitation',
  transaction: 'sample',
  csrf: 'sample-csrf',
  account: 'carol@acme.example',
  connection: 'Acme SSO (Okta)',
  stopAction: '/authorize/sample/stop',
  accountAction: '/authorize/sample/account',
};

export const samples: Record<string, InvitationView> = {
  'sign-in': signInFirst,
  accept: { ...signInFirst, by: 'Carol Cooper', next: accept },
  hostile: {
    ...signInFirst,
    workspace: hostile.markup,
    role: hostile.quotes,
    by: hostile.markup,
    next: { ...accept, account: hostile.quotes, connection: hostile.markup },
  },
};
