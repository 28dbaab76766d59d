/** What every page has around it: head, skip link, the company's name, and the footer. */
import { barContent } from './bar.ts';
import type { Bar } from './bar.ts';
import { html, ownScript } from './html.ts';
import type { Html, Slot } from './html.ts';
import { mark } from './icons.ts';
import { displayName, named } from './names.ts';
import { stylesheet } from './stylesheet.ts';
import type { VettedHref } from './vetted-href.ts';

/** Where a link may lead: a web address, a path of our own beginning with one slash, or a vetted address of another scheme. */
export type Href = URL | VettedHref | `/${string}`;

/** The company whose sign-in this is. `helpName` is who helps people there, such as "Acme IT". */
export interface Organisation {
  name: string;
  /** Path of a logo on our own origin. */
  logo: string | null;
  helpName: string;
  helpHref: Href | null;
  privacyHref: Href | null;
}

export interface Frame {
  /** The page's own title; the company follows it. */
  title: string;
  organisation: Organisation;
  /** Address the page moves on to by itself. */
  movesOnTo?: VettedHref;
  /** Path of a script of our own; the page's policy has to allow it. */
  script?: string;
  /** On an administrator's page. */
  bar?: Bar;
}

export function layout({ title, organisation, movesOnTo, script, bar }: Frame, main: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${[movesOnTo !== undefined && html`<meta http-equiv="refresh" content="0; url=${movesOnTo}" />`, script !== undefined && ownScript(script)]}
        <title>${title} · ${displayName(organisation.name)}</title>
        <link rel="stylesheet" href="${stylesheet.path}" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the page</a>
        ${header(organisation, bar)} ${main}
        <footer class="foot">
          <span class="made">${mark} Sign-in by Drawbridge</span>
          ${organisation.helpHref !== null && html`<a href="${organisation.helpHref}">Help from ${named(organisation.helpName)}</a>`}
          ${organisation.privacyHref !== null && html`<a href="${organisation.privacyHref}">Privacy</a>`}
        </footer>
      </body>
    </html> `;
}

const header = (organisation: Organisation, bar: Bar | undefined): Html =>
  bar === undefined
    ? html`<header class="company">${plate(organisation)}</header>`
    : html`<header class="company bar">${plate(organisation)} ${barContent(bar)}</header>`;

const plate = ({ name, logo }: Organisation): Html =>
  logo === null
    ? html`<span class="plate">${named(name)}</span>`
    : html`<span class="plate logo"><img src="${logo}" alt="${displayName(name)}" height="22" /></span>`;

/** The card of a page that asks nothing about a request: one column, the deck along its top edge. */
export const gate = (content: Slot, width: 'narrow' | 'wide' = 'narrow'): Html =>
  html`<main id="main" class="card deck gate ${width}" tabindex="-1">${content}</main>`;
