/** The draft: every rule as a sentence one can edit, with what is published beside each change. */
import type { AccessRulesView, PublishedPart, RemovedRule, RuleRow } from './access-rules-view.ts';
import { hiddenFields, unseen } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { displayName, named, plainText } from './names.ts';

export function draftColumn(view: AccessRulesView): Html {
  const { rules, removed, defaultRole } = view;
  return html`<section aria-labelledby="rules">
    <h2 id="rules">Rules</h2>
    <p class="hint">Everybody gets every role whose rule fits them. “Never get” wins over every rule that gives.</p>
    <ol class="rules">
      ${rules.map((row, index) => html`<li>${ruleCard(row, index, view)}</li>`)}
    </ol>
    ${rules.length === 0 && html`<p class="empty">There are no rules yet. Add one, and people in a group get a role.</p>`}
    ${
      removed.length > 0 &&
      html`<ul class="rules">
        ${removed.map((rule) => html`<li>${removedCard(rule)}</li>`)}
      </ul>`
    }
    <p class="hint">Everyone else: <strong>${defaultRole === null ? 'No access' : named(defaultRole)}</strong>.</p>
    <div class="pair">
      <button class="button" name="press" value="check">Check this draft</button>
      <button class="button" name="press" value="add">Add a rule</button>
    </div>
  </section>`;
}

function badgeOf({ from, published, isMoved }: RuleRow): string | null {
  if (from === null) return 'New';
  if (published.some(({ what }) => what !== 'place')) return 'Changed';
  return isMoved ? 'Moved' : null;
}

function ruleCard(row: RuleRow, index: number, { roles, rules }: AccessRulesView): Html {
  const number = index + 1;
  const badge = badgeOf(row);
  const id = (name: string): string => `${name}-${String(number)}`;
  const said = `${id('said')}${row.problem === null ? '' : ` ${id('problem')}`}`;
  return html`<fieldset class="${badge === null ? 'rule' : 'rule changed'}">
    <legend>Rule ${number}${badge !== null && html` <span class="badge accent">${badge}</span>`}</legend>
    ${hiddenFields({ from: row.from === null ? 'new' : String(row.from), more: row.carried })}
    <div class="sentence">
      <p class="field">
        <label for="${id('group')}">People in the group</label>
        <input
          id="${id('group')}"
          name="group"
          value="${row.group}"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          aria-describedby="${said}"
          aria-invalid="${row.problem !== null && 'true'}"
          autofocus="${row === rules.find(({ problem }) => problem !== null) && 'autofocus'}"
        />
      </p>
      <p class="field">
        <label for="${id('effect')}">then they</label>
        <select id="${id('effect')}" name="effect">
          ${option('give', 'get', row.effect)}${option('deny', 'never get', row.effect)}
        </select>
      </p>
      <p class="field">
        <label for="${id('role')}">the role</label>
        <select id="${id('role')}" name="role">
          ${roles.map(({ id: role, name }) => option(role, displayName(name), row.role))}${option('*', 'any role', row.role)}
        </select>
      </p>
    </div>
    ${row.problem !== null && html`<p class="wrong" id="${id('problem')}">${icons.warning}<span>${plainText(row.problem)}</span></p>`}
    <div class="said" id="${id('said')}">
      ${row.more.map((sentence) => html`<p>${plainText(sentence)}</p>`)}
      ${row.published.length > 0 && html`<p>Published version: ${publishedParts(row.published)}.</p>`}
    </div>
    <p class="acts">
      ${number > 1 && html`<button class="button leave" name="press" value="up.${number}">Move up${unseen(` rule ${String(number)}`)}</button>`}
      <button class="button leave" name="press" value="remove.${number}">Remove${unseen(` rule ${String(number)}`)}</button>
    </p>
  </fieldset>`;
}

const option = (value: string, words: string, chosen: string): Html =>
  html`<option value="${value}" selected="${value === chosen && 'selected'}">${words}</option>`;

const publishedParts = (parts: readonly PublishedPart[]): Html[] =>
  parts.map((part, index) => html`${index > 0 && ', '}${publishedPart(part)}`);

function publishedPart({ what, value }: PublishedPart): Html {
  if (what === 'effect') return html`${value}`;
  if (what === 'place') return html`rule ${value}`;
  if (what === 'role') return html`role ${named(value)}`;
  return value === '' ? html`no group` : html`group <code>${displayName(value)}</code>`;
}

const removedCard = ({ number, sentence }: RemovedRule): Html =>
  html`<div class="rule gone">
    <p><strong>Published rule ${number} is removed</strong></p>
    <p class="said">${plainText(sentence)}</p>
    <p class="acts">
      <button class="button leave" name="press" value="back.${number}">Put it back${unseen(` published rule ${String(number)}`)}</button>
    </p>
  </div>`;
