/** The recovery codes of our own second step, shown until the person has them and never again. */
import { postForm } from './form.ts';
import type { FormKeys } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { sampleOrganisation } from './samples.ts';

export interface RecoveryCodesView extends FormKeys {
  organisation: Organisation;
  codes: readonly string[];
  action: string;
}

export function recoveryCodes(view: RecoveryCodesView): Html {
  const { organisation, codes } = view;
  const heading = 'Save your recovery codes';
  return layout(
    { title: heading, organisation },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">
          Your second step is on. If you lose your phone or your passkey, one of these stands in for it wherever a code is enough. Each
          works once.
        </p>
        <ol class="recovery-codes">
          ${codes.map((code) => html`<li><code>${code}</code></li>`)}
        </ol>
        <p class="firm">This is the only time you see them.</p>
        <p>
          Print them or keep them in a password manager, not on the phone. Lost all of it? ${named(organisation.helpName)} can reset it.
        </p>
        ${postForm(view.action, view, html`<button class="button main">I have saved them</button>`)}`,
    ),
  );
}

const everyday: RecoveryCodesView = {
  organisation: sampleOrganisation,
  codes: [...'ABCDEFGHJK'].map((letter) => `${letter.repeat(4)}-2345-6789-WXYZ`),
  action: '/authorize/sample-transaction/factor/saved',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

export const samples: Record<string, RecoveryCodesView> = {
  everyday,
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
    codes: [hostile.markup],
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
