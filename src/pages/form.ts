/** Forms that change something: always POST, always with the one-time value, which is why a view cannot be written without it. */
import { html } from './html.ts';
import type { Html, Slot } from './html.ts';

export interface FormKeys {
  transaction: string;
  csrf: string;
}

export const hiddenFields = (fields: Readonly<Record<string, string>>): Html[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);

export const postForm = (action: string, keys: FormKeys, content: Slot): Html =>
  html`<form method="post" action="${action}">${hiddenFields({ transaction: keys.transaction, csrf: keys.csrf })}${content}</form>`;

/** Said to assistive technology only: what a repeated button is about. */
export const unseen = (text: string): Html => html`<span class="unseen">${text}</span>`;
