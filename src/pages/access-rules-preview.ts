/** Who the draft touches, and the way to publish it. */
import type { AccessRulesView, ChangedPeople, ChangedPersonRow, ChangeKind, PreviewView, PublishView } from './access-rules-view.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { displayName, named, plainText } from './names.ts';

const signs: Readonly<Record<ChangeKind, 'gain' | 'loss' | 'neither'>> = {
  becomesAdministrator: 'gain',
  gainsAccess: 'gain',
  stopsBeingAdministrator: 'loss',
  losesAccess: 'loss',
  losesWrite: 'loss',
  losesOtherwise: 'loss',
  changesOtherwise: 'neither',
  stays: 'neither',
};

/** Of one, and of more. */
const words: Readonly<Record<ChangeKind, readonly [string, string]>> = {
  becomesAdministrator: ['becomes an administrator', 'become administrators'],
  gainsAccess: ['gets access', 'get access'],
  stopsBeingAdministrator: ['is no longer an administrator', 'are no longer administrators'],
  losesAccess: ['loses access', 'lose access'],
  losesWrite: ['can no longer make changes', 'can no longer make changes'],
  losesOtherwise: ['loses something else', 'lose something else'],
  changesOtherwise: ['gets something else', 'get something else'],
  stays: ['stays as they are', 'stay as they are'],
};

const happens = (kind: ChangeKind, count: number): string => words[kind][count === 1 ? 0 : 1];

const marks = { gain: '+', loss: '−', neither: '' } as const;

export const previewColumn = (view: AccessRulesView): Html =>
  html`<section aria-labelledby="preview">
    <h2 id="preview">If you publish this now</h2>
    ${view.preview === null ? html`<p class="hint">${unseenBecause(view.publish)}</p>` : preview(view.preview)}
    <div class="card plain">
      <h2>Publish</h2>
      ${publish(view.publish, view.preview)}
    </div>
  </section>`;

function unseenBecause({ state }: PublishView): string {
  if (state === 'unchanged') return 'Change a rule, then check the draft: here you see who it touches, before anything holds.';
  return state === 'paused'
    ? 'Nothing was checked this time. Wait, then check the draft again.'
    : 'Nothing was checked: first put right what is marked at the rules.';
}

function preview({ people, time, kinds, unknown }: PreviewView): Html {
  const shown = kinds.filter(({ kind, count }) => count > 0 || kind === 'stays');
  const named = (sign: 'gain' | 'loss' | 'neither'): Html[] =>
    kinds.filter((each) => signs[each.kind] === sign && each.people.length > 0).map(whoTheyAre);
  const who = [...named('loss'), ...named('gain'), ...named('neither')];
  return html`<p class="hint">
      Checked ${people === 1 ? '1 person' : `${String(people)} people`} at ${time} with what their last sign-in said.
    </p>
    <dl class="counts">
      ${shown.map(
        ({ kind, count }) =>
          html`<div class="${signs[kind]}">
            <dt>${count === 1 ? 'person' : 'people'} ${happens(kind, count)}</dt>
            <dd>${count > 0 && marks[signs[kind]]}${count}</dd>
          </div>`,
      )}
    </dl>
    ${unknown > 0 && html`<p class="hint">Of ${unknown} we don’t know everything the rules ask for, and what is not known gives nothing.</p>`}
    ${who.length > 0 ? html`<div class="card plain people">${who}</div>` : html`<p class="hint">Nobody’s access changes.</p>`}`;
}

/** How many names are shown before the rest is opened. */
const first = 4;

const youFirst = (people: readonly ChangedPersonRow[]): ChangedPersonRow[] => [
  ...people.filter(({ isYou }) => isYou),
  ...people.filter(({ isYou }) => !isYou),
];

function whoTheyAre({ kind, count, people }: ChangedPeople): Html {
  const ordered = youFirst(people);
  const rest = ordered.slice(first);
  const youToo = ordered[0]?.isYou === true;
  return html`<details open="open">
    <summary>${count} ${happens(kind, count)}${youToo && (count === 1 ? ': you' : ', you among them')}</summary>
    <ul class="moves">
      ${ordered.slice(0, first).map(move)}
    </ul>
    ${
      rest.length > 0 &&
      html`<details>
        <summary>See ${rest.length} more: ${happens(kind, count)}</summary>
        <ul class="moves">
          ${rest.map(move)}
        </ul>
      </details>`
    }
    ${count > people.length && html`<p class="hint">The first ${people.length} of ${count} are named here.</p>`}
  </details>`;
}

const move = ({ name, account, isYou, before, after, why, loses }: ChangedPersonRow): Html =>
  html`<li>
    <p><b>${named(name)}${isYou && ' (you)'}</b>${account !== '' && html` <span class="role">${named(account)}</span>`}</p>
    <p class="role">
      ${named(before)} <span aria-hidden="true">→</span> <span class="unseen">becomes</span> <strong>${named(after)}</strong> ·
      ${plainText(why)}${loses !== '' && html`<span class="step">${plainText(loses)}</span>`}
    </p>
  </li>`;

const reasons: Readonly<Record<Exclude<PublishView['state'], 'open'>, string>> = {
  unchanged: 'There is nothing to publish: the draft says what is published.',
  'locked-out': 'Publishing is off while this draft takes away what could put it right.',
  problems: 'Publishing is off until the rules that are marked are put right.',
  'only-looking': 'Publishing is off: when you signed in you let this page look only. Sign out, sign in again, and tick changing as well.',
  'from-file': 'Publishing is off: these rules come from the configuration file. Change them there and run',
  'not-yours': 'Publishing is off: your role lets you look at the rules, and not change them.',
  paused: 'Publishing is off until who it touches can be worked out again.',
  'beyond-reach': 'Publishing is off: the draft gives somebody more than you may do yourself. Ask an administrator who may.',
};

function publish(view: PublishView, checked: PreviewView | null): Html {
  if (view.state === 'unchanged') return html`<p class="said">${reasons.unchanged}</p>`;
  if (view.state !== 'open' || checked === null) {
    const reason = view.state === 'open' ? reasons.problems : reasons[view.state];
    return html`<p class="said" id="publish-reason">${reason}${view.state === 'from-file' && html` <code>drawbridge apply</code>.`}</p>
      ${view.state === 'locked-out' && checked !== null && checked.losing > 0 && html`<p class="said">After that, you type the number of people who lose something (${checked.losing}) to publish.</p>`}
      <p class="off"><button class="button" disabled="disabled" aria-describedby="publish-reason">Publish</button></p>`;
  }
  if (checked.losing === 0) {
    return html`<p class="said">Nobody loses anything. It holds everywhere within a second.</p>
      <p class="off"><button class="button main" name="press" value="publish">Publish</button></p>`;
  }
  const { problem, typed } = view;
  return html`<p class="said" id="publish-said">
      It holds everywhere within a second. Type the number of people who lose something (${checked.losing}) to publish.
    </p>
    <div class="field">
      <label for="losing">People who lose something</label>
      <div class="inline">
        <input
          id="losing"
          name="losing"
          value="${typed}"
          inputmode="numeric"
          autocomplete="off"
          aria-describedby="${problem === null ? 'publish-said' : 'publish-said losing-problem'}"
          aria-invalid="${problem !== null && 'true'}"
          autofocus="${problem !== null && 'autofocus'}"
        />
        <button class="button main" name="press" value="publish">Publish</button>
      </div>
      ${problem !== null && html`<p class="wrong" id="losing-problem">${icons.warning}<span>${displayName(problem)}</span></p>`}
    </div>`;
}
