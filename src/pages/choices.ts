/** The rows of the decision: what may be ticked, what cannot be, and what the app holds already. */
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { displayName, plainText } from './names.ts';

export interface Scope {
  /** The scope as the app asked for it; the value of its box. */
  name: string;
  title: string;
  note: string;
  /** It changes data: never ticked for the person, whatever `state` says. */
  changes: boolean;
  tools: readonly string[];
  state: 'ticked' | 'unticked' | 'unavailable' | 'granted';
  /** Why it is unavailable, as a whole sentence. */
  reason: string | null;
}

const shown = 6;

export function choice(scope: Scope, index: number): Html {
  if (scope.state === 'unavailable') return unavailable(scope);
  const id = `scope-${String(index)}`;
  const ticked = scope.state === 'ticked' && !scope.changes;
  return html`<div class="choice">
    <label
      ><input
        type="checkbox"
        name="scope"
        value="${scope.name}"
        checked="${ticked && 'checked'}"
        aria-labelledby="${id}"
        aria-describedby="${id}-more"
      />
      <span
        ><span id="${id}">${heading(scope)}</span> <span id="${id}-more">${noteOf(scope)} ${tools(scope.tools.slice(0, shown))}</span></span
      ></label
    >
    ${moreTools(scope)}
  </div>`;
}

const unavailable = (scope: Scope): Html =>
  html`<div class="choice missing">
    <div class="like-label">
      <span class="box" aria-hidden="true"></span>
      <div>
        ${heading(scope)} ${noteOf(scope)} ${tools(scope.tools.slice(0, shown))}
        <p class="reason">${icons.info}<span>${scope.reason === null ? 'Not available to you.' : plainText(scope.reason)}</span></p>
      </div>
    </div>
    ${moreTools(scope)}
  </div>`;

export const heldRow = (scope: Scope): Html =>
  html`<li class="row">
    <div>${heading(scope)} ${noteOf(scope)} ${tools(scope.tools.slice(0, shown))}</div>
    ${moreTools(scope)}
  </li>`;

const heading = ({ title, changes }: Scope): Html =>
  html`<span class="name">${displayName(title)}</span>${changes && html` <span class="badge">Makes changes</span>`}`;

const noteOf = (scope: Scope): Html | null => (scope.note === '' ? null : html`<span class="note">${plainText(scope.note)}</span>`);

const tools = (names: readonly string[]): Html | null =>
  names.length === 0 ? null : html`<span class="tools">${names.map((name) => html`<code>${plainText(name)}</code> `)}</span>`;

function moreTools({ title, tools: names }: Scope): Html | null {
  if (names.length <= shown) return null;
  return html`<details class="more">
    <summary>and ${names.length - shown} more<span class="unseen"> tools: ${displayName(title)}</span></summary>
    ${tools(names.slice(shown))}
  </details>`;
}
