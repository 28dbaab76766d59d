/** What came of a tried sign-in: the verdict, what to fix first, then what the provider said about the person. */
import type { Place, Somebody } from '../domain/connection-trial.ts';
import type { Finding } from '../domain/finding.ts';
import type { ReceivedClaims } from '../domain/received-claims.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { displayName, isolated, named, plainText } from './names.ts';
import type { Notice } from './notice.ts';
import { noticeBox } from './notice.ts';

export interface ConnectionTestView {
  organisation: Organisation;
  /** What the sign-in button says. */
  connection: string;
  findings: readonly Finding[];
  /** Null when nobody arrived. */
  somebody: Somebody | null;
  places: readonly Place[];
  /** Null where no groups are told of beforehand. */
  pushed: readonly string[] | null;
}

export function connectionTest(view: ConnectionTestView): Html {
  const { organisation, connection, findings, somebody } = view;
  const order = ['problem', 'warning', 'not-run', 'ok'];
  const sorted = findings.toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  return layout(
    { title: 'Connection test', organisation },
    gate(
      html`<h1>Connection test</h1>
        <p class="lead">${named(connection)}, with a real sign-in. Nothing was set up for anybody.</p>
        ${noticeBox(verdict(view))}
        <ul class="findings">
          ${sorted.map(finding)}
        </ul>
        ${somebody !== null && sent(view, somebody)}`,
      'wide',
    ),
  );
}

function verdict({ findings, somebody, places }: ConnectionTestView): Notice {
  const passed = findings.filter(({ result }) => result === 'ok').length;
  const text = `${passed} of ${findings.length} checks passed.`;
  const isFine = findings.every(({ result }) => result === 'ok');
  if (isFine) return { tone: 'ok', title: 'Sign-in works, and this person would get access', text };
  if (somebody === null) {
    const isUntested = findings.every(({ result }) => result === 'not-run');
    return isUntested
      ? { tone: 'plain', title: 'This cannot be tested here', text: '' }
      : { tone: 'bad', title: 'Sign-in does not work yet', text };
  }
  if (!findings.some(({ result }) => result === 'problem'))
    return { tone: 'warn', title: 'Sign-in works; one thing to look at soon', text };
  const title = places.length === 0 ? 'Sign-in works, but this person would get no access' : 'Sign-in works, but something has to be fixed';
  return { tone: 'bad', title, text };
}

const words = { problem: 'Fix this', warning: 'Look soon', 'not-run': 'Not run', ok: 'Passed' } as const;
const iconOf = { problem: icons.stop, warning: icons.warning, 'not-run': icons.info, ok: icons.check };

const finding = ({ result, title, says, todo }: Finding): Html =>
  html`<li class="finding ${result}">
    ${iconOf[result]}
    <div>
      <h2>${displayName(title)} <span class="word">${words[result]}</span></h2>
      <p>${sentence(says)}</p>
      ${todo !== null && html`<p class="todo"><strong>What to do:</strong> ${sentence(todo)}</p>`}
    </div>
  </li>`;

/** Names from outside may stand in it, each already bounded; the whole is one line of visible text. */
const sentence = (text: string): string => [...plainText(text)].slice(0, 600).join('');

/** The first and the last characters of a long identifier are enough to compare it. */
const shortened = (text: string): string => {
  const characters = [...plainText(text)];
  return characters.length > 40 ? `${characters.slice(0, 18).join('')}…${characters.slice(-8).join('')}` : characters.join('');
};

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const moment = (seconds: number): string => `${day.format(seconds * 1000)}, ${time.format(seconds * 1000)} UTC`;

const mostGroups = 20;

function groupsText(groups: readonly string[] | null): string {
  if (groups === null) return 'unknown: no complete list arrived';
  if (groups.length === 0) return 'none';
  const more = groups.length > mostGroups ? `, and ${groups.length - mostGroups} more` : '';
  return `${groups.slice(0, mostGroups).map(displayName).join(', ')}${more}`;
}

const placeText = ({ tenant, roles, rules }: Place): string =>
  `${roles.map(displayName).join(', ')} in ${displayName(tenant)} (${rules.map(displayName).join('; ')})`;

function proofText({ assurance: { mfa, phishingResistant, evidence } }: Somebody): string {
  if (!mfa && !phishingResistant) return 'no second step';
  return `${phishingResistant ? 'a second step that cannot be phished' : 'a second step'}, by ${evidence.map(displayName).join(', ')}`;
}

function sent(view: ConnectionTestView, somebody: Somebody): Html {
  const { acr, amrAsSaid, auth_time } = somebody.assurance;
  const rows: readonly (readonly [string, string])[] = [
    ['Permanent identifier', shortened(somebody.subject)],
    ['Issued by', sentence(somebody.issuer)],
    ['Name', somebody.name === null ? 'nothing sent' : displayName(somebody.name)],
    ['E-mail', somebody.email === null ? 'nothing sent' : displayName(somebody.email)],
    ['Groups', groupsText(somebody.groups)],
    ...(view.pushed === null ? [] : [['Groups told by provisioning', groupsText(view.pushed)] as const]),
    ['Level (acr)', acr === null ? 'nothing sent' : displayName(acr)],
    ['Methods (amr)', amrAsSaid.length === 0 ? 'nothing sent' : amrAsSaid.slice(0, mostGroups).map(displayName).join(', ')],
    ['When they signed in', auth_time === null ? 'nothing sent' : moment(auth_time)],
    ['What that proves', proofText(somebody)],
    ['Roles it would lead to', view.places.length === 0 ? 'No access' : view.places.map(placeText).join('; ')],
  ];
  return html`<h2>What ${named(view.connection)} sent</h2>
    <p class="hint">Kept for 10 minutes, for this browser only. Long identifiers are shortened.</p>
    <dl class="sent">
      ${rows.map(
        ([term, text]) =>
          html`<div>
            <dt>${term}</dt>
            <dd>${text}</dd>
          </div>`,
      )}
    </dl>
    ${somebody.received.map(asReceived)}`;
}

const places = {
  'ID token': 'its signed answer',
  userinfo: 'its profile of this person',
  'access token': 'its signed session',
  'group lookup': 'its directory, asked for groups',
} as const;

/** Every claim by its own name: what a setting of the connection refers to. */
const asReceived = ({ from, claims, more }: ReceivedClaims): Html =>
  html`<details>
    <summary>Detail for IT: everything in ${places[from]}</summary>
    <p class="hint">By the names it uses. What could be used by somebody else is not shown, and long values are shortened.</p>
    <dl class="sent">
      ${claims.map(
        ({ name, text }) =>
          html`<div>
            <dt><code>${plainText(name)}</code></dt>
            <dd>${text === null ? 'not shown' : isolated(plainText(text))}</dd>
          </div>`,
      )}
    </dl>
    ${more > 0 && html`<p class="hint">and ${more} more</p>`}
  </details>`;
