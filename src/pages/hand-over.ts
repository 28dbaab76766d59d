/** The page that hands the answer to an app by its own link, where a redirect would leave an empty tab behind. RFC 8252 §7.1. */
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { displayName, named } from './names.ts';
import { sampleOrganisation } from './samples.ts';
import { takingBack } from './taking-back.ts';
import { vettedHref } from './vetted-href.ts';
import type { VettedHref } from './vetted-href.ts';

export interface HandOverView {
  organisation: Organisation;
  app: { name: string };
  resource: { name: string };
  outcome: 'approved' | 'denied';
  /** What was allowed, as the titles of the permissions; empty when denied. */
  allowed: readonly string[];
  href: VettedHref;
}

export function handOver(view: HandOverView): Html {
  const { organisation, href } = view;
  const title = view.outcome === 'approved' ? 'Approved. Sending you back…' : 'You said no. Nothing was shared.';
  return layout({ title, organisation, movesOnTo: href }, gate(view.outcome === 'approved' ? approved(view, title) : denied(view, title)));
}

const approved = ({ app, organisation, resource, allowed, href }: HandOverView, title: string): Html =>
  html`<h1 class="with-medallion"><span class="medallion ok" aria-hidden="true">${icons.check}</span>${title}</h1>
    <p class="lead">${named(app.name)} can now use ${named(resource.name)} as you.</p>
    ${
      allowed.length > 0 &&
      html`<ul class="facts">
        ${allowed.map((what) => html`<li>${icons.check}<span>${displayName(what)}</span></li>`)}
      </ul>`
    }
    <a class="button main" href="${href}">Back to ${named(app.name)}</a>
    <p class="under">If nothing opens by itself, press the button. ${takingBack(named(app.name), organisation)}</p>`;

const denied = ({ app, organisation, href }: HandOverView, title: string): Html =>
  html`<h1 class="with-medallion"><span class="medallion" aria-hidden="true">${icons.stop}</span>${title}</h1>
    <p class="lead">${named(app.name)} gets no access. All we told it is that you declined.</p>
    <a class="button main" href="${href}">Back to ${named(app.name)}</a>
    ${organisation.helpHref !== null && html`<a class="button" href="${organisation.helpHref}">Tell ${named(organisation.helpName)}</a>`}`;

const everyday: HandOverView = {
  organisation: sampleOrganisation,
  app: { name: 'Lantern Code' },
  resource: { name: 'Acme Billing' },
  outcome: 'approved',
  allowed: ['Look at invoices and customers', 'Create and send invoices'],
  href: vettedHref('lantern-code://connected?code=sample&state=sample&iss=https%3A%2F%2Flogin.acme.example'),
};

export const samples: Record<string, HandOverView> = {
  approved: everyday,
  denied: { ...everyday, outcome: 'denied', allowed: [], href: vettedHref('lantern-code://connected?error=access_denied&state=sample') },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
    app: { name: hostile.markup },
    resource: { name: hostile.long },
    allowed: [hostile.direction, hostile.quotes, hostile.template],
  },
};
