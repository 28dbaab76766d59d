/** The page before anything is sent upstream: who asks, what for, where the answer goes, and the ways to sign in. */
import { hiddenFields, postForm } from './form.ts';
import type { FormKeys } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { otherSignIn } from './join-texts.ts';
import { layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { displayName, named, plainText } from './names.ts';
import { noticesOf, offlineNotice } from './notice.ts';
import type { Notice } from './notice.ts';
import { answerPoint, askingPoint, crossing, note, riskOf, isVouchedFor } from './request.ts';
import type { App, ReturnTo } from './request.ts';
import { sampleOrganisation } from './samples.ts';

/** One way to sign in. At most one is `filled`: the one used last. */
export interface Door {
  connectionId: string;
  name: string;
  subline: string;
  filled: boolean;
  /** A lock for the company's own sign-in, the first letter for everybody else's. */
  tile?: 'lock' | 'initial';
}

/** An address that led nowhere. */
export interface LookedFor {
  email: string;
  /** False when nothing in it could be looked for. */
  isAddress: boolean;
}

export interface BeforeSignInView extends FormKeys {
  organisation: Organisation;
  app: App;
  resource: { name: string; host: string };
  returnTo: ReturnTo;
  doors: readonly Door[];
  /** Form action of "Find my company"; null where nobody can be found by e-mail. */
  emailLookup: { action: string; lookedFor: LookedFor | null } | null;
  /** Somebody is signed in and chooses the sign-in of their other account, to join the two. */
  linking: { account: string; connectionName: string; backAction: string } | null;
  notice: Notice | null;
  stopAction: string;
}

export function beforeSignIn(view: BeforeSignInView): Html {
  const { app, organisation, resource, returnTo } = view;
  const verified = isVouchedFor(app);
  const heading = view.linking === null ? 'Sign in with your company account' : 'Now sign in the way you usually do';
  const points = [
    askingPoint(app),
    { label: 'What it wants to use', value: named(resource.name), note: note(plainText(resource.host)) },
    answerPoint(returnTo, app, organisation),
  ];
  return layout(
    { title: `${view.emailLookup?.lookedFor ? 'Error: ' : ''}${heading}`, organisation },
    html`<main id="main" class="card deck split" tabindex="-1">
      <div class="intro">
        <h1>${heading}</h1>
        <p class="lead">${leadOf(view)}</p>
      </div>
      ${crossing(points)}
      <div class="answer">
        ${noticesOf(view.linking === null ? riskOf(app, returnTo) : null, view.notice)}
        ${!verified && view.linking === null && stop(view, 'button', returnTo.kind === 'web' ? 'Stop, I don’t know this app' : 'Stop, I didn’t start this')}
        ${!verified && view.linking === null && html`<h2>${returnTo.kind === 'web' ? 'I know it, sign in' : 'I started it, sign in'}</h2>`}
        ${view.doors.length === 0 ? nowhere(organisation) : html`<div class="doors">${view.doors.map((door) => doorForm(view, door))}</div>`}
        ${view.emailLookup !== null && emailForm(view, view.emailLookup)}
        ${
          view.linking === null
            ? verified && stop(view, 'button leave', 'I didn’t start this, stop')
            : postForm(view.linking.backAction, view, html`<button class="button leave">Don’t join anything, go back</button>`)
        }
      </div>
    </main>`,
  );
}

const leadOf = ({ app, linking }: BeforeSignInView): Html =>
  linking === null
    ? html`Nothing is shared yet. After you sign in you will see exactly what ${isVouchedFor(app) ? named(app.name) : 'it'} asks for, and
      you can still say no.`
    : html`${otherSignIn(linking.account, linking.connectionName)}`;

const stop = (view: BeforeSignInView, look: string, words: string): Html =>
  postForm(view.stopAction, view, html`<button class="${look}">${words}</button>`);

function doorForm(view: BeforeSignInView, door: Door): Html {
  const filled = door.filled && isVouchedFor(view.app);
  const name = displayName(door.name);
  const initial = [...name][0] ?? '';
  return html`<form method="post" action="/login/${door.connectionId}">
    ${hiddenFields({ transaction: view.transaction, csrf: view.csrf })}
    <button class="${filled ? 'door filled' : 'door'}">
      <span class="tile" aria-hidden="true">${door.tile === 'lock' ? icons.lock : initial.toUpperCase()}</span>
      <span class="words"
        ><span class="name">Continue with ${named(door.name)}</span
        >${door.subline !== '' && html` <span class="sub">${plainText(door.subline)}</span>`}</span
      >${icons.chevron}
    </button>
  </form>`;
}

const nowhere = (organisation: Organisation): Html =>
  html`<div class="notice plain">
    ${icons.info}
    <div>
      <p class="first">There is no way to sign in here yet</p>
      <p>${named(organisation.helpName)} can add one.</p>
    </div>
  </div>`;

function emailForm(view: BeforeSignInView, { action, lookedFor }: NonNullable<BeforeSignInView['emailLookup']>): Html {
  const field = lookedFor === null ? addressField('', 'email-hint', false) : addressField(lookedFor.email, 'email-hint email-error', true);
  return html`<p class="or"><span>or</span></p>
    ${postForm(
      action,
      view,
      html`<div class="field">
        <label for="email">Work e-mail</label>
        <p class="hint" id="email-hint">Used only to find your company’s sign-in page.</p>
        <div class="inline">${field}<button class="button">Find my company</button></div>
        ${lookedFor !== null && html`<p class="error" id="email-error">${icons.warning}<span>${whyNot(view, lookedFor)}</span></p>`}
      </div>`,
    )}`;
}

const addressField = (value: string, describedBy: string, invalid: boolean): Html =>
  html`<input
    id="email"
    name="email"
    type="email"
    autocomplete="email"
    value="${value === '' ? null : plainText(value)}"
    required
    aria-describedby="${describedBy}"
    aria-invalid="${invalid && 'true'}"
    autofocus="${invalid && 'autofocus'}"
  />`;

/** The same words whoever asks: they are about the company, and nobody has looked for an account. */
function whyNot({ organisation }: BeforeSignInView, { isAddress }: LookedFor): Html {
  if (!isAddress) return html`This is not an e-mail address. It looks like name@company.example.`;
  return html`We don’t know a sign-in page for this address. Check how it is written, use one of the buttons above, or ask
  ${named(organisation.helpName)}.`;
}

const everyday: BeforeSignInView = {
  organisation: sampleOrganisation,
  app: { name: 'Lantern Code', verifiedHost: 'lantern.example' },
  resource: { name: 'Acme Billing', host: 'billing.tools.acme.example' },
  returnTo: { kind: 'loopback', host: 'localhost:53682' },
  doors: [
    { connectionId: 'acme-sso', name: 'Acme SSO', subline: 'Okta · you used this last time', filled: true, tile: 'lock' },
    { connectionId: 'google', name: 'Google', subline: 'For acme-labs.example accounts', filled: false },
  ],
  emailLookup: { action: '/find-company', lookedFor: null },
  linking: null,
  notice: null,
  stopAction: '/stop',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};
const paperclip = { name: 'Paperclip Helper', verifiedHost: null };

export const samples: Record<string, BeforeSignInView> = {
  'this-computer': everyday,
  'added-by-the-company': { ...everyday, app: { name: 'Lantern Code', verifiedHost: null, configured: true }, emailLookup: null },
  unverified: { ...everyday, app: paperclip, returnTo: { kind: 'web', host: 'app.paperclip.example', own: false } },
  'unverified-this-computer': { ...everyday, app: paperclip, emailLookup: null },
  'own-site': { ...everyday, returnTo: { kind: 'web', host: 'lantern.example', own: true }, emailLookup: null },
  'other-site': { ...everyday, returnTo: { kind: 'web', host: 'relay.example', own: false }, emailLookup: null },
  'app-link': { ...everyday, returnTo: { kind: 'app', scheme: 'lantern-code' }, notice: offlineNotice('Acme SSO'), emailLookup: null },
  'unknown-company': { ...everyday, emailLookup: { action: '/find-company', lookedFor: { email: 'dana@acme.example', isAddress: true } } },
  'no-address': { ...everyday, emailLookup: { action: '/find-company', lookedFor: { email: 'dana at acme', isAddress: false } } },
  'unknown-company.hostile': {
    ...everyday,
    organisation: { ...sampleOrganisation, helpName: hostile.markup },
    emailLookup: { action: '/find-company', lookedFor: { email: hostile.quotes, isAddress: true } },
  },
  linking: {
    ...everyday,
    doors: everyday.doors.slice(0, 1),
    linking: { account: 'dana.reyes@mail.example', connectionName: 'Google', backAction: '/link/apart' },
  },
  'linking.hostile': {
    ...everyday,
    app: paperclip,
    linking: { account: hostile.markup, connectionName: hostile.direction, backAction: '/apart"><b>' },
  },
  'no-door': { ...everyday, doors: [], emailLookup: null },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.direction },
    app: { name: hostile.markup, verifiedHost: null },
    resource: { name: hostile.long, host: hostile.host },
    returnTo: { kind: 'web', host: hostile.host, own: true },
    doors: [
      { connectionId: '../../"><b>', name: hostile.long, subline: hostile.markup, filled: true },
      { connectionId: hostile.direction, name: hostile.direction, subline: hostile.template, filled: true },
    ],
    notice: { tone: 'bad', title: hostile.markup, text: hostile.template },
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
