/** What we ask on behalf of a sign-in that has no page of its own: an address and a password, or a one-time code. */
import type { Question } from '../domain/question.ts';
import { codeField, triesText, wrongAnswer } from './code-field.ts';
import { hiddenFields, postForm } from './form.ts';
import type { FormKeys } from './form.ts';
import { hostile } from './hostile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import type { Organisation } from './layout.ts';
import { named, plainText } from './names.ts';
import { noticeBox } from './notice.ts';
import { sampleOrganisation } from './samples.ts';

export interface QuestionView extends FormKeys {
  organisation: Organisation;
  connectionName: string;
  resource: { name: string };
  question: Question;
  /** Said after a wrong answer. */
  triesLeft: number;
  action: string;
  otherWayAction: string;
  stopAction: string;
}

type Asking<Ask extends Question['ask']> = QuestionView & { question: Extract<Question, { ask: Ask }> };

const isWho = (view: QuestionView): view is Asking<'who'> => view.question.ask === 'who';
const isCode = (view: QuestionView): view is Asking<'code'> => view.question.ask === 'code';

export function questionPage(view: QuestionView): Html {
  const { organisation, question, connectionName } = view;
  const heading = headingOf(view);
  const title = question.problem === 'no-match' ? `Error: ${heading}` : heading;
  return layout(
    { title, organisation },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">${leadOf(view)}</p>
        ${question.problem === 'busy' && noticeBox({ tone: 'warn', ...busy(connectionName) })} ${isWho(view) && who(view)}
        ${isCode(view) && code(view)}
        <div class="ways-out">
          ${postForm(view.otherWayAction, view, html`<button class="button leave">Sign in another way</button>`)}
          ${postForm(view.stopAction, view, html`<button class="button leave">I didn’t start this, stop</button>`)}
        </div>`,
    ),
  );
}

const busy = (connectionName: string) => ({
  title: `${plainText(connectionName)} did not answer`,
  text: 'Your account is fine, and your place here is kept. Wait a minute, then press the button again.',
});

function headingOf({ question, connectionName }: QuestionView): string {
  if (question.ask === 'who') return `Sign in with ${plainText(connectionName)}`;
  return question.from === 'app' ? 'Enter your 6-digit code' : 'Enter the code from the e-mail';
}

function leadOf({ question, connectionName, resource }: QuestionView): Html {
  if (question.ask === 'who') return html`To use ${named(resource.name)}. Nothing is shared yet.`;
  const { email } = question;
  if (question.from === 'mail') {
    return html`If ${email === null ? 'that address' : html`<b><bdi>${plainText(email)}</bdi></b>`} may sign in here, a code is on its way.
    It can take a minute; look in the junk folder too.`;
  }
  const entry = email === null ? named(connectionName) : html`${named(connectionName)} (${named(email)})`;
  return html`Open the authenticator app on your phone and find “${entry}”.`;
}

/** Not required, so that the address alone is, and the code button needs no more. */
const passwordField = (isWrong: boolean): Html =>
  html`<div class="field">
    <label for="password">Password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="current-password"
      maxlength="1000"
      autofocus="${isWrong && 'autofocus'}"
      aria-describedby="${isWrong && 'wrong'}"
    />
  </div>`;

function who(view: Asking<'who'>): Html {
  const { question, triesLeft } = view;
  const isWrong = question.problem === 'no-match';
  const words = `That did not match, or this account may not sign in here. Check both and try again. ${triesText(triesLeft)}.`;
  return html`${
    (question.password || question.mailedCode) &&
    postForm(
      view.action,
      view,
      html`<div class="field">
          <label for="email">E-mail</label>
          <input
            id="email"
            name="email"
            type="email"
            autocomplete="username"
            required
            maxlength="320"
            value="${question.email ?? ''}"
            aria-invalid="${isWrong && 'true'}"
            aria-describedby="${isWrong && 'wrong'}"
          />
        </div>
        ${question.password && passwordField(isWrong)} ${isWrong && wrongAnswer('wrong', words)}
        ${question.password && html`<button class="button main" name="way" value="password">Sign in</button>`}
        ${
          question.mailedCode &&
          html`<button class="${question.password ? 'button' : 'button main'}" name="way" value="email_otp">
            E-mail me a code${question.password && ' instead'}
          </button>`
        }`,
    )
  }
  ${question.elsewhere.length > 0 && (question.password || question.mailedCode) && html`<p class="or"><span>or</span></p>`}
  ${question.elsewhere.length > 0 && html`<div class="doors">${question.elsewhere.map((door) => elsewhere(view, door))}</div>`}`;
}

const elsewhere = (view: QuestionView, { way, name }: { way: string; name: string }): Html =>
  html`<form method="post" action="${view.action}">
    ${hiddenFields({ transaction: view.transaction, csrf: view.csrf })}
    <button class="door" name="way" value="${way}">
      <span class="tile" aria-hidden="true">${[...plainText(name)][0] ?? ''}</span>
      <span class="words"><span class="name">Continue with ${named(name)}</span></span
      >${icons.chevron}
    </button>
  </form>`;

function code(view: Asking<'code'>): Html {
  const { question, triesLeft } = view;
  const isWrong = question.problem === 'no-match';
  const hint = question.from === 'app' ? 'It changes every 30 seconds. Spaces are fine.' : 'Only the newest one counts. Spaces are fine.';
  const next = question.from === 'app' ? 'Wait for the next one and type it here.' : 'Look for the newest e-mail and type its code here.';
  const words = isWrong ? `That code didn’t match. ${next} ${triesText(triesLeft)}.` : null;
  return postForm(
    view.action,
    view,
    html`${codeField({ hint, wrong: words, takesFocus: true })} <button class="button main">Continue</button>`,
  );
}

const everyday: QuestionView = {
  organisation: sampleOrganisation,
  connectionName: 'Acme',
  resource: { name: 'Acme Billing' },
  question: { ask: 'who', password: true, mailedCode: true, elsewhere: [{ way: 'google', name: 'Google' }], email: null, problem: null },
  triesLeft: 5,
  action: '/authorize/sample-transaction/answer',
  otherWayAction: '/authorize/sample-transaction/other-way',
  stopAction: '/authorize/sample-transaction/stop',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};
const ana = 'ana@acme.example';
const codeFrom = (from: 'app' | 'mail', problem: 'no-match' | null = null): Question => ({ ask: 'code', from, email: ana, problem });

export const samples: Record<string, QuestionView> = {
  'every-way': everyday,
  'no-match': { ...everyday, question: { ...everyday.question, email: ana, problem: 'no-match' } as Question, triesLeft: 1 },
  'mail-only': {
    ...everyday,
    question: { ask: 'who', password: false, mailedCode: true, elsewhere: [], email: ana, problem: null },
  },
  'elsewhere-only': {
    ...everyday,
    question: {
      ask: 'who',
      password: false,
      mailedCode: false,
      elsewhere: [
        { way: 'azure', name: 'Microsoft' },
        { way: 'github', name: 'GitHub' },
      ],
      email: null,
      problem: null,
    },
  },
  busy: { ...everyday, question: { ...everyday.question, problem: 'busy' } },
  app: { ...everyday, question: codeFrom('app') },
  'app-wrong': { ...everyday, question: codeFrom('app', 'no-match'), triesLeft: 4 },
  mail: { ...everyday, question: codeFrom('mail') },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes },
    connectionName: hostile.markup,
    resource: { name: hostile.direction },
    question: {
      ask: 'who',
      password: true,
      mailedCode: true,
      elsewhere: [{ way: hostile.quotes, name: hostile.long }],
      email: hostile.quotes,
      problem: 'busy',
    },
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};
