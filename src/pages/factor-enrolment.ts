/** Setting up our own second step: the picture, the same as text, and a code that proves the app has it. */
import { codeField, triesText } from './code-field.ts';
import { factorWays } from './factor-code.ts';
import type { FactorWays } from './factor-code.ts';
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
import { qrCode } from './qr-code.ts';
import { sampleOrganisation } from './samples.ts';

export interface FactorEnrolmentView extends FormKeys, FactorWays {
  organisation: Organisation;
  workspace: string;
  connectionName: string;
  /** What the picture says. */
  address: string;
  /** What it holds, to be typed. */
  secret: string;
  isOptional: boolean;
  wrong: 'code' | 'passkey' | null;
  triesLeft: number;
  action: string;
  /** Null where browsers make none. */
  passkey: PasskeyView | null;
}

/** In fours, as it is easier to type. */
const grouped = (secret: string): string => secret.replace(/(.{4})(?!$)/g, '$1 ');

const passkeyFirst = (view: FactorEnrolmentView, passkey: PasskeyView): Html =>
  passkeyBlock(passkey, view, {
    button: 'Use a passkey',
    isWrong: view.wrong === 'passkey',
    triesLeft: view.triesLeft,
    before: html`<h2>With a passkey</h2>
      <p>You confirm it with your fingerprint, your face or a PIN: on this device, on your phone or with a security key.</p>`,
    after: html`<p class="or"><span>or</span></p>`,
  });

export function factorEnrolment(view: FactorEnrolmentView): Html {
  const { organisation, workspace, connectionName, wrong, triesLeft, passkey } = view;
  const heading = 'Set up a second step';
  const code = `That code didn’t match. Check that the clock of your phone is right, wait for the next code and type it here. ${triesText(triesLeft)}.`;
  return layout(
    {
      title: wrong === null ? heading : `Error: ${heading}`,
      organisation,
      ...(passkey === null ? {} : { script: passkeyScript.path }),
    },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">
          ${named(workspace)} asks for a second step when you sign in, and ${named(connectionName)} did not confirm one. You set it up
          once.${passkey === null && ' From then on you type a code from your phone.'}
        </p>
        ${passkey !== null && passkeyFirst(view, passkey)}
        <h2>1. Scan this with an authenticator app</h2>
        ${qrCode(view.address, 'Picture for your authenticator app; the same as text is below')}
        <details>
          <summary>I can’t scan it</summary>
          <p>Choose “enter a key” in the app, type this, and choose “time-based”:</p>
          <p><code class="key">${grouped(view.secret)}</code></p>
        </details>
        <h2>2. Type the code it shows</h2>
        ${postForm(
          view.action,
          view,
          html`${codeField({
              hint: 'Six digits. It changes every 30 seconds. Spaces are fine.',
              wrong: wrong === 'code' ? code : null,
              takesFocus: wrong === 'code',
            })} <button class="button main">Turn it on</button>`,
        )}
        ${factorWays(view)}`,
    ),
  );
}

const everyday: FactorEnrolmentView = {
  organisation: sampleOrganisation,
  workspace: 'Acme Labs',
  connectionName: 'Google',
  address: 'otpauth://totp/Acme:dana%40acme.example?issuer=Acme&secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&algorithm=SHA1&digits=6&period=30',
  secret: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  isOptional: false,
  wrong: null,
  triesLeft: 5,
  passkey: samplePasskey(),
  action: '/authorize/sample-transaction/factor/enrol',
  declineAction: '/authorize/sample-transaction/factor/decline',
  accountAction: '/authorize/sample-transaction/account',
  stopAction: '/authorize/sample-transaction/stop',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

export const samples: Record<string, FactorEnrolmentView> = {
  everyday,
  'app-only': { ...everyday, passkey: null },
  wrong: { ...everyday, wrong: 'code', triesLeft: 4 },
  'passkey-wrong': { ...everyday, wrong: 'passkey', triesLeft: 4 },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.markup, helpName: hostile.quotes },
    workspace: hostile.quotes,
    connectionName: hostile.markup,
    address: `otpauth://totp/${hostile.markup}`,
    passkey: samplePasskey(hostile.quotes + hostile.markup),
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
