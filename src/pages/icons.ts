/** The few icons, drawn in place. Words carry the meaning, so assistive technology does not see them. */
import { html } from './html.ts';
import type { Html } from './html.ts';

const strokes = (shapes: Html): Html =>
  html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">${shapes}</svg>`;

export const icons = {
  check: strokes(html`<path d="M4.5 10.5 8.3 14.2 15.5 6.5" />`),
  warning: strokes(html`<path d="M10 3 18 16.5H2Z" /><path d="M10 8v4" /><path d="M10 14.2v.2" />`),
  stop: strokes(html`<circle cx="10" cy="10" r="7.5" /><path d="m7.5 7.5 5 5m0-5-5 5" />`),
  info: strokes(html`<circle cx="10" cy="10" r="7.5" /><path d="M10 9v4.5" /><path d="M10 6.3v.2" />`),
  clock: strokes(html`<circle cx="10" cy="10" r="7.5" /><path d="M10 5.8V10l2.8 2" />`),
  lock: strokes(html`<rect x="4" y="9" width="12" height="8" rx="2" /><path d="M6.5 9V6.8a3.5 3.5 0 0 1 7 0V9" />`),
  chevron: strokes(html`<path d="m7.5 4.5 5.5 5.5-5.5 5.5" />`),
};

export type IconName = keyof typeof icons;

/** The Drawbridge mark: a gatehouse with its gate open over a lowered deck. */
export const mark: Html = html`<svg class="mark" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true" focusable="false">
  <path d="M2.5 1.5h3v2.2h2V2.5h3v1.2h2V1.5h3v12h-3.2v-3a2.8 2.8 0 0 0-5.6 0v3H2.5Z" />
  <path d="M0 15h18v1.75H0Z" />
</svg>`;
