/** What somebody with these groups would be and could do, with the rule behind it, by the draft. */
import type { TrialResult, TrialView } from './access-rules-view.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { displayName, named, plainText } from './names.ts';

export const trialSection = ({ groups, details, connections, result }: TrialView): Html =>
  html`<section class="card plain trial" id="try" aria-labelledby="trial">
    <h2 id="trial">Try a person</h2>
    <p class="hint" id="trial-said">Nobody has to exist for it. The draft above decides.</p>
    <p class="field">
      <label for="try-groups">Their groups, one on each line</label>
      <textarea id="try-groups" name="tried" rows="4" autocapitalize="none" spellcheck="false" aria-describedby="trial-said">
${lines(groups)}</textarea>
    </p>
    ${
      details !== null &&
      html`<p class="field">
          <label for="try-details">What their sign-in says of them, one detail on each line</label>
          <textarea id="try-details" name="details" rows="2" autocapitalize="none" spellcheck="false" aria-describedby="try-details-said">
${lines(details)}</textarea>
        </p>
        <p class="hint" id="try-details-said">Such as <code>/department Finance</code>. What is not said here is not known of them.</p>`
    }
    ${
      connections.length > 1 &&
      html`<p class="field">
        <label for="try-connection">They sign in with</label>
        <select id="try-connection" name="through">
          ${connections.map(({ id, name, isChosen }) => html`<option value="${id}" selected="${isChosen && 'selected'}">${displayName(name)}</option>`)}
        </select>
      </p>`
    }
    <p><button class="button small" name="press" value="try">Try this person</button></p>
    ${result !== null && outcome(result)}
  </section>`;

/** As they are compared: without what nobody can see. */
const lines = (groups: string): string => groups.split('\n').map(plainText).join('\n');

function outcome({ roles, denied, open, can, administers, published }: TrialResult): Html {
  return html`<div class="outcome" role="status">
    <p class="firm">
      ${roles.length === 0 ? 'They would have no access' : html`They would be ${listed(roles.map(({ name }) => named(name)))}`}
    </p>
    <ul class="moves">
      ${[...roles.map((each) => because(each, '')), ...denied.map((each) => because(each, 'not '))]}
      ${roles.length + denied.length === 0 && html`<li><p>No rule fits.</p></li>`}
    </ul>
    ${open.map((sentence) => html`<p class="hint">${plainText(sentence)}</p>`)}
    ${
      published !== null &&
      html`<p class="hint">By the published rules: <strong>${published === '' ? 'No access' : displayName(published)}</strong>.</p>`
    }
    ${
      roles.length > 0 &&
      html`<p><strong>What they could do</strong></p>
        <dl class="sent">
          ${can.map(({ server, titles, tools }) => ability(server, titles, tools))}
          ${administers && ability('These pages', ['Look after this workspace'], [])}
        </dl>`
    }
  </div>`;
}

const because = ({ name, why }: { name: string; why: string }, not: string): Html =>
  html`<li>
    <p>${not}<b>${named(name)}</b></p>
    <p class="role">${plainText(why)}</p>
  </li>`;

const listed = (names: readonly Html[]): Html[] =>
  names.map((name, index) => html`${index > 0 && (index === names.length - 1 ? ' and ' : ', ')}${name}`);

const ability = (server: string, titles: readonly string[], tools: readonly string[]): Html =>
  html`<div>
    <dt>${named(server)}</dt>
    <dd>
      ${titles.length === 0 ? 'Nothing' : titles.map(displayName).join(', ')}
      ${tools.length > 0 && html`<span class="tools">${tools.map((tool) => html`<code>${plainText(tool)}</code> `)}</span>`}
    </dd>
  </div>`;
