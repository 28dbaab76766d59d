/** What a rule may ask for besides a group: a way to sign in, an end, and conditions. Without script it is there to open, or open already. */
import type { AccessRulesView, Condition, FieldProblem, RuleRow } from './access-rules-view.ts';
import { hiddenFields, unseen } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { displayName, plainText, withoutUnseen } from './names.ts';

type Field = FieldProblem['field'];

/** The fields of one rule: what they are called on the page, and what is wrong with each. */
export interface RuleFields {
  id(name: string): string;
  isWrong(field: Field): boolean;
  /** Whether it is the first on the page that is wrong. */
  isFirst(field: Field): boolean;
  /** What is said about it: its problem, and what stands beside it. */
  said(field: Field, ...others: readonly string[]): string;
  /** Its problem, under it. */
  wrong(field: Field): Html | false;
}

export function fieldsOf(row: RuleRow, number: number, { rules }: AccessRulesView): RuleFields {
  const id = (name: string): string => `${name.replace('.', '-')}-${String(number)}`;
  const problemOf = (field: Field) => row.problems.find((each) => each.field === field)?.problem;
  const isWrong = (field: Field): boolean => problemOf(field) !== undefined;
  const first = rules.find(({ problems }) => problems.length > 0);
  return {
    id,
    isWrong,
    isFirst: (field) => row === first && row.problems[0]?.field === field,
    said: (field, ...others) => [...others.map(id), ...(isWrong(field) ? [id(`problem-${field}`)] : [])].join(' '),
    wrong: (field) => {
      const problem = problemOf(field);
      if (problem === undefined) return false;
      return html`<p class="wrong" id="${id(`problem-${field}`)}">${icons.warning}<span>${plainText(problem)}</span></p>`;
    },
  };
}

export const option = (value: string, words: string, chosen: string): Html =>
  html`<option value="${value}" selected="${value === chosen && 'selected'}">${words}</option>`;

export function moreOf(row: RuleRow, number: number, { connections, rules }: AccessRulesView, field: RuleFields): Html {
  const hasChoice = connections.length > 1 || rules.some(({ connection }) => connection !== '');
  return html`${row.more.length > 0 && html`<div class="said instead">${row.more.map((sentence) => html`<p>${plainText(sentence)}</p>`)}</div>`}
    <details class="more" open="${row.isOpen && 'open'}">
      <summary><span>More${unseen(` about rule ${String(number)}`)}: ${hasChoice && 'sign-in, '}end, conditions</span></summary>
      <div class="terms">
        ${hasChoice ? signIn(row, connections, field) : hiddenFields({ connection: '' })}
        <div class="field">
          <label for="${field.id('until')}">It ends on (UTC)</label>
          <input
            id="${field.id('until')}"
            name="until"
            type="datetime-local"
            step="any"
            value="${row.until}"
            aria-describedby="${field.said('until', 'until-said')}"
            aria-invalid="${field.isWrong('until') && 'true'}"
            autofocus="${field.isFirst('until') && 'autofocus'}"
          />
          <p class="hint" id="${field.id('until-said')}">Empty: it does not end.</p>
          ${field.wrong('until')}
        </div>
      </div>
      ${
        row.conditions.length > 0 &&
        html`<p class="hint" id="${field.id('where-said')}">
            A detail is something their sign-in says of them, such as <code>/department</code>. Write one value on each line: one of them is
            enough, and <code>*</code> stands for anything.
          </p>
          <ol class="conditions">
            ${row.conditions.map((condition, index) => html`<li>${conditionOf(condition, index + 1, number, field)}</li>`)}
          </ol>`
      }
      ${
        row.canNarrow &&
        html`<p class="acts">
          <button class="button leave" name="press" value="narrow.${number}">Add a condition${unseen(` to rule ${String(number)}`)}</button>
        </p>`
      }
    </details>`;
}

const signIn = ({ connection }: RuleRow, connections: AccessRulesView['connections'], field: RuleFields): Html =>
  html`<div class="field">
    <label for="${field.id('connection')}">and sign in with</label>
    <select
      id="${field.id('connection')}"
      name="connection"
      aria-describedby="${field.isWrong('connection') && field.said('connection')}"
      aria-invalid="${field.isWrong('connection') && 'true'}"
      autofocus="${field.isFirst('connection') && 'autofocus'}"
    >
      ${option('', 'any of these', connection)} ${connections.map(({ id, name }) => option(id, displayName(name), connection))}
      ${connections.every(({ id }) => id !== connection) && connection !== '' && option(connection, displayName(connection), connection)}
    </select>
    ${field.wrong('connection')}
  </div>`;

function conditionOf({ claim, is }: Condition, position: number, number: number, field: RuleFields): Html {
  const [detail, value] = [`claim.${position}`, `is.${position}`] as const;
  return html`<fieldset class="condition">
    <legend>${unseen(`Condition ${String(position)} of rule ${String(number)}`)}</legend>
    <div class="terms">
      <div class="field">
        <label for="${field.id(detail)}">${position === 1 ? 'where the detail' : 'and the detail'}</label>
        <input
          id="${field.id(detail)}"
          name="claim"
          value="${claim}"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          aria-describedby="${field.said(detail, 'where-said')}"
          aria-invalid="${field.isWrong(detail) && 'true'}"
          autofocus="${field.isFirst(detail) && 'autofocus'}"
        />
        ${field.wrong(detail)}
      </div>
      <div class="field">
        <label for="${field.id(value)}">is one of</label>
        <textarea
          id="${field.id(value)}"
          name="is"
          rows="2"
          autocapitalize="none"
          spellcheck="false"
          aria-describedby="${field.said(value, 'where-said')}"
          aria-invalid="${field.isWrong(value) && 'true'}"
          autofocus="${field.isFirst(value) && 'autofocus'}"
        >
${lines(is)}</textarea>
        ${field.wrong(value)}
      </div>
    </div>
    <p class="acts">
      <button class="button leave" name="press" value="widen.${number}.${position}">
        Remove this condition${unseen(`: ${String(position)} of rule ${String(number)}`)}
      </button>
    </p>
  </fieldset>`;
}

/** As they are compared. */
const lines = (values: string): string => values.split('\n').map(withoutUnseen).join('\n');
