/** Our own second step where a passkey is the only way: to use, to set up, or to add to what is there. */
import { factorWays, recoveryForm } from './factor-code.ts';
import type { FactorWays } from './factor-code.ts';
import type { FormKeys } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html, Slot } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { passkeyBlock, samplePasskey, withoutPasskeys } from './passkey-block.ts';
import type { PasskeyView } from './passkey-block.ts';
import { passkeyScript } from './passkey-script.ts';
import { sampleOrganisation } from './samples.ts';

export interface FactorPasskeyView extends FormKeys, FactorWays {
  organisation: Organisation;
  workspace: string;
  connectionName: string;
  /** `only`: a recovery code will not do. */
  occasion: 'use' | 'only' | 'set-up' | 'add';
  passkey: PasskeyView;
  /** The person can go on without it, only with less. */
  isOptional: boolean;
  wrong: 'passkey' | 'recovery' | null;
  triesLeft: number;
  /** Where a recovery code goes. */
  action: string;
}

interface Words {
  heading: string;
  lead: Slot;
  button: string;
}

const whatItIs = 'You confirm it with your fingerprint, your face or a PIN: on this device, on your phone or with a security key.';

function wordsFor({ occasion, workspace, connectionName, organisation }: FactorPasskeyView): Words {
  const uncopied = html`${named(workspace)} asks for a sign-in that nobody in between could copy`;
  switch (occasion) {
    case 'use':
      return {
        heading: 'Use your passkey',
        lead: html`${named(workspace)} asks for a second step: the passkey you set up for “${named(organisation.name)}”.`,
        button: 'Use my passkey',
      };
    case 'only':
      return {
        heading: 'Use your passkey',
        lead: html`${uncopied}. Your passkey proves that; a code does not, so none is asked for here.`,
        button: 'Use my passkey',
      };
    case 'set-up':
      return {
        heading: 'Set up a passkey',
        lead: html`${uncopied}, and ${named(connectionName)} did not confirm one. A passkey does. ${whatItIs}`,
        button: 'Set up a passkey',
      };
    case 'add':
      return {
        heading: 'Add a passkey',
        lead: html`That was right. ${uncopied}, and a code can be copied. A passkey can’t. ${whatItIs}`,
        button: 'Add a passkey',
      };
  }
}

/** What helps whoever has lost theirs. */
function lost(view: FactorPasskeyView): Html | null {
  const { occasion, organisation, wrong } = view;
  const reset = html`Ask ${named(organisation.helpName)} to reset your second step.`;
  if (occasion === 'use')
    return html`<details open="${wrong === 'recovery' && 'open'}">
      <summary>I can’t use my passkey</summary>
      ${recoveryForm({ ...view, isWrong: wrong === 'recovery' })}
      <p>No codes left? ${reset}</p>
    </details>`;
  return occasion === 'only' ? html`<p>Lost it? ${reset}</p>` : null;
}

export function factorPasskey(view: FactorPasskeyView): Html {
  const { organisation, passkey, wrong, triesLeft } = view;
  const { heading, lead, button } = wordsFor(view);
  return layout(
    { title: wrong === null ? heading : `Error: ${heading}`, organisation, script: passkeyScript.path },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">${lead}</p>
        ${passkeyBlock(passkey, view, { button, isWrong: wrong === 'passkey', triesLeft })}
        ${withoutPasskeys(
          'This browser can’t use a passkey here: it knows none, or JavaScript is off. Turn it on and load this page again, or begin once more from the app in another browser.',
        )}
        ${lost(view)} ${factorWays(view)}`,
    ),
  );
}

const everyday: FactorPasskeyView = {
  organisation: sampleOrganisation,
  workspace: 'Acme Labs',
  connectionName: 'Google',
  occasion: 'use',
  passkey: samplePasskey(),
  isOptional: false,
  wrong: null,
  triesLeft: 5,
  action: '/authorize/sample-transaction/factor',
  declineAction: '/authorize/sample-transaction/factor/decline',
  accountAction: '/authorize/sample-transaction/account',
  stopAction: '/authorize/sample-transaction/stop',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

export const samples: Record<string, FactorPasskeyView> = {
  everyday,
  'recovery-wrong': { ...everyday, wrong: 'recovery', triesLeft: 4 },
  only: { ...everyday, occasion: 'only' },
  wrong: { ...everyday, occasion: 'only', wrong: 'passkey', triesLeft: 1 },
  'set-up': { ...everyday, occasion: 'set-up' },
  add: { ...everyday, occasion: 'add', isOptional: true },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
    workspace: hostile.markup,
    connectionName: hostile.quotes,
    passkey: samplePasskey(hostile.quotes + hostile.markup),
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
