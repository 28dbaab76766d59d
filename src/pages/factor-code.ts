/** Our own second step, of somebody who has one with an app: its code, a recovery code, or a passkey if they have that too. */
import { codeField, triesText, wrongAnswer } from './code-field.ts';
import { postForm } from './form.ts';
import type { FormKeys } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';
import { passkeyBlock, samplePasskey } from './passkey-block.ts';
import type { PasskeyView } from './passkey-block.ts';
import { passkeyScript } from './passkey-script.ts';
import { sampleOrganisation } from './samples.ts';

/** Where each way out of a page of our second step leads. */
export interface FactorWays {
  declineAction: string;
  accountAction: string;
  stopAction: string;
}

export interface FactorCodeView extends FormKeys, FactorWays {
  organisation: Organisation;
  workspace: string;
  /** As it stands in the app. */
  account: string;
  /** The person can go on without it, only with less. */
  isOptional: boolean;
  /** Which of them was answered wrongly. */
  wrong: 'code' | 'recovery' | 'passkey' | null;
  triesLeft: number;
  action: string;
  /** Null for somebody without one. */
  passkey: PasskeyView | null;
}

/** `isOptional`: less is possible without it; otherwise another workspace may be. */
export const factorWays = (view: FormKeys & FactorWays & { isOptional: boolean }): Html =>
  html`<div class="ways-out">
    ${postForm(
      view.declineAction,
      view,
      html`<button class="button leave">${view.isOptional ? 'Go on without it, with less' : 'Go on without it'}</button>`,
    )}
    ${postForm(view.accountAction, view, html`<button class="button leave">Sign in with another account</button>`)}
    ${postForm(view.stopAction, view, html`<button class="button leave">I didn’t start this, stop</button>`)}
  </div>`;

/** A passkey comes first where it is there: it is the quicker one, and the better. */
const passkeyFirst = (view: FactorCodeView, passkey: PasskeyView): Html =>
  passkeyBlock(passkey, view, {
    button: 'Use my passkey',
    isWrong: view.wrong === 'passkey',
    triesLeft: view.triesLeft,
    after: html`<p class="or"><span>or</span></p>`,
  });

export function factorCode(view: FactorCodeView): Html {
  const { organisation, workspace, account, wrong, triesLeft, passkey } = view;
  const heading = passkey === null ? 'Enter your 6-digit code' : 'Confirm that it’s you';
  const code = `That code didn’t match, or was used already. Wait for the next one and type it here. ${triesText(triesLeft)}.`;
  return layout(
    {
      title: wrong === null ? heading : `Error: ${heading}`,
      organisation,
      ...(passkey === null ? {} : { script: passkeyScript.path }),
    },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">
          ${named(workspace)} asks for a second step${passkey === null ? '. Open' : ': your passkey, or a 6-digit code. For the code, open'}
          the authenticator app on your phone and find “${named(organisation.name)} (${named(account)})”.
        </p>
        ${passkey !== null && passkeyFirst(view, passkey)}
        ${postForm(
          view.action,
          view,
          html`${codeField({
              hint: 'It changes every 30 seconds. Spaces are fine.',
              wrong: wrong === 'code' ? code : null,
              takesFocus: wrong !== 'recovery' && (passkey === null || wrong === 'code'),
            })} <button class="button ${passkey === null ? 'main' : ''}">Continue</button>`,
        )}
        ${recovery(view)} ${factorWays(view)}`,
    ),
  );
}

const recovery = (view: FactorCodeView): Html =>
  html`<details open="${view.wrong === 'recovery' && 'open'}">
    <summary>I don’t have my phone</summary>
    ${recoveryForm({ ...view, isWrong: view.wrong === 'recovery' })}
    <p>No codes left? Ask ${named(view.organisation.helpName)} to reset your second step.</p>
  </details>`;

/** The field for a recovery code, where one will do. */
export function recoveryForm(view: FormKeys & { action: string; isWrong: boolean; triesLeft: number }): Html {
  const { isWrong } = view;
  const words = `That recovery code didn’t match, or was used already. ${triesText(view.triesLeft)}.`;
  return postForm(
    view.action,
    view,
    html`<div class="field">
        <label for="recovery">Recovery code</label>
        <p class="hint" id="recovery-hint">One of those you saved when you set this up. Each works once.</p>
        <input
          id="recovery"
          name="recovery"
          type="text"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          maxlength="40"
          aria-invalid="${isWrong && 'true'}"
          aria-describedby="${isWrong ? 'recovery-hint wrong' : 'recovery-hint'}"
        />
        ${isWrong && wrongAnswer('wrong', words)}
      </div>
      <button class="button">Use recovery code</button>`,
  );
}

const everyday: FactorCodeView = {
  organisation: sampleOrganisation,
  workspace: 'Acme Labs',
  account: 'dana@acme.example',
  isOptional: false,
  wrong: null,
  triesLeft: 5,
  action: '/authorize/sample-transaction/factor',
  passkey: null,
  declineAction: '/authorize/sample-transaction/factor/decline',
  accountAction: '/authorize/sample-transaction/account',
  stopAction: '/authorize/sample-transaction/stop',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

export const samples: Record<string, FactorCodeView> = {
  everyday,
  optional: { ...everyday, isOptional: true },
  wrong: { ...everyday, wrong: 'code', triesLeft: 4 },
  'recovery-wrong': { ...everyday, wrong: 'recovery', triesLeft: 1 },
  passkey: { ...everyday, passkey: samplePasskey() },
  'passkey-wrong': { ...everyday, passkey: samplePasskey(), wrong: 'passkey', triesLeft: 3 },
  hostile: {
    ...everyday,
    passkey: samplePasskey(hostile.quotes + hostile.markup),
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
    workspace: hostile.markup,
    account: hostile.direction,
    // The other field would take the focus, as hostile text must not.
    wrong: 'recovery',
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
