/** The draft: every rule as a sentence one can edit, with what is published beside each change. */
import type { AccessRulesView, PublishedPart, RemovedRule, RuleRow } from './access-rules-view.ts';
import { fieldsOf, moreOf, option } from './access-rules-more.ts';
import type { RuleFields } from './access-rules-more.ts';
import { hiddenFields, unseen } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
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
    ${knownGroups(view)}
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

function ruleCard(row: RuleRow, index: number, view: AccessRulesView): Html {
  const number = index + 1;
  const badge = badgeOf(row);
  const field = fieldsOf(row, number, view);
  return html`<fieldset class="${badge === null ? 'rule' : 'rule changed'}">
    <legend>Rule ${number}${badge !== null && html` <span class="badge accent">${badge}</span>`}</legend>
    ${hiddenFields({ from: row.from === null ? 'new' : String(row.from), conditions: String(row.conditions.length) })}
    ${sentence(row, view, field)} ${field.wrong('group')} ${field.wrong('role')}
    <div class="said" id="${field.id('said')}">
      ${row.called !== null && html`<p><strong>${named(row.called)}</strong> (<code>${plainText(row.group)}</code>)</p>`}
      ${row.published.length > 0 && html`<p>Published version: ${publishedParts(row.published)}.</p>`}
    </div>
    ${moreOf(row, number, view, field)}
    <p class="acts">
      ${number > 1 && html`<button class="button leave" name="press" value="up.${number}">Move up${unseen(` rule ${String(number)}`)}</button>`}
      <button class="button leave" name="press" value="remove.${number}">Remove${unseen(` rule ${String(number)}`)}</button>
    </p>
  </fieldset>`;
}

/** Whom it is about, and what they get, as a sentence to fill in. */
const sentence = (row: RuleRow, { roles, groups }: AccessRulesView, field: RuleFields): Html =>
  html`<div class="sentence">
    <p class="field">
      <label for="${field.id('group')}">People in the group</label>
      <input
        id="${field.id('group')}"
        name="group"
        value="${row.group}"
        list="${groups.length > 0 && 'known-groups'}"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        aria-describedby="${field.said('group', 'said')}"
        aria-invalid="${field.isWrong('group') && 'true'}"
        autofocus="${field.isFirst('group') && 'autofocus'}"
      />
    </p>
    <p class="field">
      <label for="${field.id('effect')}">then they</label>
      <select id="${field.id('effect')}" name="effect">
        ${option('give', 'get', row.effect)}${option('deny', 'never get', row.effect)}
      </select>
    </p>
    <p class="field">
      <label for="${field.id('role')}">the role</label>
      <select
        id="${field.id('role')}"
        name="role"
        aria-describedby="${field.isWrong('role') && field.said('role')}"
        aria-invalid="${field.isWrong('role') && 'true'}"
        autofocus="${field.isFirst('role') && 'autofocus'}"
      >
        ${roles.map(({ id: role, name }) => option(role, displayName(name), row.role))}${option('*', 'any role', row.role)}
      </select>
    </p>
  </div>`;

const publishedParts = (parts: readonly PublishedPart[]): Html[] =>
  parts.map((part, index) => html`${index > 0 && ', '}${publishedPart(part)}`);

function publishedPart(part: PublishedPart): Html {
  const { value } = part;
  if (part.what === 'effect') return html`${value}`;
  if (part.what === 'more') return html`${plainText(value)}`;
  if (part.what === 'place') return html`rule ${value}`;
  if (part.what !== 'group') return html`role ${named(value)}`;
  if (value === '') return html`no group`;
  const id = html`<code>${displayName(value)}</code>`;
  return part.called === null ? html`group ${id}` : html`group ${named(part.called)} (${id})`;
}

/** Offered to every field that names a group; what is chosen is the id. */
const knownGroups = ({ groups }: AccessRulesView): Html | false =>
  groups.length > 0 &&
  html`<datalist id="known-groups">
    ${groups.map(({ id, name }) => html`<option value="${id}">${displayName(name)} (${plainText(id)})</option>`)}
  </datalist>`;

const removedCard = ({ number, sentence }: RemovedRule): Html =>
  html`<div class="rule gone">
    <p><strong>Published rule ${number} is removed</strong></p>
    <p class="said">${plainText(sentence)}</p>
    <p class="acts">
      <button class="button leave" name="press" value="back.${number}">Put it back${unseen(` published rule ${String(number)}`)}</button>
    </p>
  </div>`;
