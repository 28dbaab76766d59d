/** The field for a code of six digits, wherever it comes from. */
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';

/** Said to everybody, and to screen readers with the field it belongs to. */
export const wrongAnswer = (id: string, words: string): Html => html`<p class="wrong" id="${id}">${icons.stop}<span>${words}</span></p>`;

export const triesText = (left: number): string => (left === 1 ? '1 try left' : `${String(left)} tries left`);

export interface CodeField {
  hint: string;
  /** What was wrong with the last one. */
  wrong: string | null;
  takesFocus: boolean;
}

export const codeField = ({ hint, wrong, takesFocus }: CodeField): Html =>
  html`<div class="field">
    <label for="code">Code</label>
    <p class="hint" id="code-hint">${hint}</p>
    <input
      id="code"
      class="code"
      name="code"
      type="text"
      inputmode="numeric"
      autocomplete="one-time-code"
      required
      maxlength="20"
      autofocus="${takesFocus && 'autofocus'}"
      aria-invalid="${wrong !== null && 'true'}"
      aria-describedby="${wrong === null ? 'code-hint' : 'code-hint wrong'}"
    />
    ${wrong !== null && wrongAnswer('wrong', wrong)}
  </div>`;
