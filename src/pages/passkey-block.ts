/** The button for a passkey. It is not to be seen until our script has found that the browser knows passkeys. */
import { triesText, wrongAnswer } from './code-field.ts';
import { hiddenFields } from './form.ts';
import type { FormKeys } from './form.ts';
import { html } from './html.ts';
import type { Html, Slot } from './html.ts';

/** What the script asks the browser for, and where the answer goes. */
export interface PasskeyView {
  does: 'create' | 'get';
  /** As the browser's own interface takes it, in JSON. */
  options: string;
  action: string;
}

interface Block {
  button: string;
  /** The last answer was none. */
  isWrong: boolean;
  triesLeft: number;
  /** What stands before the button, and after it. */
  before?: Slot;
  after?: Slot;
}

const words = {
  cancelled: 'Nothing was sent. Press the button to try once more.',
  there: 'This device has a passkey for this account already. Choose another device.',
  failed: 'This browser could not do it. Nothing was sent.',
};

export const passkeyBlock = (
  { does, options, action }: PasskeyView,
  keys: FormKeys,
  { button, isWrong, triesLeft, before = null, after = null }: Block,
): Html =>
  html`<div class="passkey" data-with-passkeys="yes" hidden>
    ${before}
    <form method="post" action="${action}" data-passkey="${does}" data-options="${options}">
      ${hiddenFields({ transaction: keys.transaction, csrf: keys.csrf, passkey: '' })}
      <button class="button main">${button}</button>
      ${isWrong && wrongAnswer('passkey-wrong', `That passkey wasn’t right for this. ${triesText(triesLeft)}.`)}
      <div role="status">
        ${Object.entries(words).map(([name, text]) => html`<p class="hint" data-passkey-says="${name}" hidden>${text}</p>`)}
      </div>
    </form>
    ${after}
  </div>`;

/** What whoever cannot use one sees instead. */
export const withoutPasskeys = (text: Slot): Html => html`<p data-without-passkeys="yes">${text}</p>`;

const options = (name: string): string => JSON.stringify({ challenge: 'c2FtcGxl', user: { id: 'c2FtcGxl', name } });

export const samplePasskey = (name = 'dana@acme.example'): PasskeyView => ({
  does: 'get',
  options: options(name),
  action: '/authorize/sample-transaction/passkey',
});
