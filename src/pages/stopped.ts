/** Every page that says no: what we did, why, what did not happen, what to do next, and a reference to quote. */
import { hiddenFields } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import type { Href, Organisation } from './layout.ts';
import { named, plainText } from './names.ts';
import { sampleOrganisation } from './samples.ts';
import { stoppedText } from './stopped-texts.ts';
import type { StoppedText } from './stopped-texts.ts';

/** A link, or a form that posts the fields. */
export type StoppedButton = { text: string; href: Href } | { text: string; action: string; fields: Readonly<Record<string, string>> };

export interface StoppedView extends StoppedText {
  organisation: Organisation;
  /** Null: the page offers to contact those who help, where there is an address for that. */
  button: StoppedButton | null;
  /** A second way on, quieter. */
  otherButton: StoppedButton | null;
  /** A third, for the few it is for. */
  quietButton?: StoppedButton;
  reference: string;
  /** With its zone: "14:32 UTC". */
  time: string;
  /** Facts for IT. Never text taken from the request, never a secret. */
  detail: readonly { term: string; text: string }[];
}

export function stopped(view: StoppedView): Html {
  const { organisation, otherButton, quietButton, detail } = view;
  const button = view.button ?? contact(organisation);
  return layout(
    { title: view.title, organisation },
    gate(
      html`<h1 class="with-medallion"><span class="medallion" aria-hidden="true">${icons[view.icon]}</span>${view.title}</h1>
        <p class="lead">${view.cause}</p>
        ${view.assurance !== null && html`<p class="firm">${view.assurance}</p>`}
        <p>${view.nextStep}</p>
        ${button !== null && press(button, 'button main')}
        ${[otherButton !== null && press(otherButton, 'button'), quietButton !== undefined && press(quietButton, 'button leave')]}
        <dl class="reference">
          <div>
            <dt>Reference for ${named(organisation.helpName)}</dt>
            <dd>${plainText(view.reference)}</dd>
          </div>
          <div>
            <dt>Time</dt>
            <dd>${plainText(view.time)}</dd>
          </div>
        </dl>
        ${
          detail.length > 0 &&
          html`<details>
            <summary>Detail for IT</summary>
            <dl class="detail">${detail.map(fact)}</dl>
          </details>`
        }`,
    ),
  );
}

const contact = ({ helpHref, helpName }: Organisation): StoppedButton | null =>
  helpHref === null ? null : { text: `Contact ${plainText(helpName)}`, href: helpHref };

const fact = ({ term, text }: { term: string; text: string }): Html =>
  html`<div>
    <dt>${plainText(term)}</dt>
    <dd>${plainText(text)}</dd>
  </div>`;

const press = (button: StoppedButton, look: string): Html =>
  'href' in button
    ? html`<a class="${look}" href="${button.href}">${button.text}</a>`
    : html`<form method="post" action="${button.action}">
        ${hiddenFields(button.fields)}<button class="${look}">${button.text}</button>
      </form>`;

const everyday: StoppedView = {
  organisation: sampleOrganisation,
  ...stoppedText({ kind: 'address-never-registered', app: 'Lantern Code' }, 'Acme IT'),
  button: null,
  otherButton: null,
  reference: 'DB-7F3K-92QM',
  time: '14:32 UTC',
  detail: [
    { term: 'Kind', text: 'address-never-registered' },
    { term: 'App', text: 'https://lantern.example/client.json' },
  ],
};

export const samples: Record<string, StoppedView> = {
  'address-never-registered': everyday,
  'not-answering': {
    ...everyday,
    ...stoppedText({ kind: 'not-answering', connection: 'Okta' }, 'Acme IT'),
    button: { text: 'Try again', action: '/login/acme-sso', fields: { transaction: 'sample-transaction', csrf: 'sample-csrf' } },
    otherButton: { text: 'Sign in another way', href: '/authorize/sample-transaction' },
    detail: [],
  },
  'no-access': {
    ...everyday,
    ...stoppedText({ kind: 'no-access', server: 'Acme Billing', account: 'Dana Reyes' }, 'Acme IT'),
    otherButton: { text: 'Sign in with another account', action: '/other-account', fields: { transaction: 'sample', csrf: 'sample' } },
  },
  'no-access-joinable': {
    ...everyday,
    ...stoppedText({ kind: 'no-access', server: 'Acme Billing', account: 'Dana Reyes' }, 'Acme IT'),
    otherButton: { text: 'Sign in with another account', action: '/other-account', fields: { transaction: 'sample', csrf: 'sample' } },
    quietButton: {
      text: 'This is not how I usually sign in: join my accounts',
      action: '/link',
      fields: { transaction: 'sample', csrf: 'sample' },
    },
  },
  'no-access-workspace': {
    ...everyday,
    ...stoppedText({ kind: 'no-access', server: 'Acme Billing', workspace: 'Acme Labs', account: 'Dana Reyes' }, 'Acme IT'),
    otherButton: { text: 'Sign in with another account', action: '/other-account', fields: { transaction: 'sample', csrf: 'sample' } },
  },
  'no-help-address': {
    ...everyday,
    ...stoppedText({ kind: 'no-such-page' }, 'Acme IT'),
    organisation: { ...sampleOrganisation, helpHref: null, privacyHref: null, logo: '/assets/sample-logo.svg' },
    detail: [],
  },
  hostile: {
    ...everyday,
    ...stoppedText({ kind: 'address-never-registered', app: hostile.markup }, hostile.quotes),
    organisation: { ...sampleOrganisation, name: hostile.long, helpName: hostile.markup },
    button: { text: hostile.quotes, action: '/again', fields: { [hostile.quotes]: hostile.markup } },
    otherButton: { text: hostile.long, href: '/other' },
    quietButton: { text: hostile.markup, action: '/quiet', fields: { [hostile.markup]: hostile.quotes } },
    reference: hostile.markup,
    time: hostile.quotes,
    detail: [hostile.direction, hostile.long, hostile.template].map((text) => ({ term: text, text })),
  },
};
