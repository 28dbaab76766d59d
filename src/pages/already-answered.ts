/** What a second answer gets when it contradicts the first: the first one stands, and how to take it back. */
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { sampleOrganisation } from './samples.ts';
import { takingBack } from './taking-back.ts';

export interface AlreadyAnsweredView {
  organisation: Organisation;
  app: { name: string };
  resource: { name: string };
  /** The first answer, the one that counts. */
  answer: 'approved' | 'denied';
}

export function alreadyAnswered({ organisation, app, resource, answer }: AlreadyAnsweredView): Html {
  const approved = answer === 'approved';
  const title = approved ? 'You already approved this' : 'You already said no';
  return layout(
    { title, organisation },
    gate(
      html`<h1 class="with-medallion"><span class="medallion" aria-hidden="true">${approved ? icons.check : icons.stop}</span>${title}</h1>
        ${
          approved
            ? html`<p class="lead">
                  Your first answer counts: ${named(app.name)} can use ${named(resource.name)} as you. Pressing again changed nothing.
                </p>
                <p>${takingBack(named(app.name), organisation)}</p>`
            : html`<p class="lead">
                  Your first answer counts: ${named(app.name)} gets no access to ${named(resource.name)}. Pressing again changed nothing.
                </p>
                <p class="firm">Nothing was shared.</p>
                <p>If you want to allow it after all, go back to ${named(app.name)} and connect again.</p>`
        }`,
    ),
  );
}

const everyday: AlreadyAnsweredView = {
  organisation: sampleOrganisation,
  app: { name: 'Lantern Code' },
  resource: { name: 'Acme Billing' },
  answer: 'approved',
};

export const samples: Record<string, AlreadyAnsweredView> = {
  approved: everyday,
  denied: { ...everyday, answer: 'denied' },
  hostile: { ...everyday, app: { name: hostile.quotes }, resource: { name: hostile.markup } },
};
