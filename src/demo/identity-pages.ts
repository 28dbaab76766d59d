import { html, textOf, type Html } from './html.ts';
import { style } from './identity-style.ts';
import type { ShownCode } from './identity-totp.ts';
import { demoPassword, people } from './people.ts';

/** The stylesheet is ours and holds nothing to escape; it must arrive as it was digested. */
const styleMark = '<!-- style -->';

function layout(title: string, body: Html): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Demonstration sign-in</title>
        <!-- style -->
      </head>
      <body>
        <main>${body}</main>
        <footer>This is the demonstration identity provider. It stands in for your company's own.</footer>
      </body>
    </html>`;
  return textOf(page).replace(styleMark, () => `<style>${style}</style>`);
}

const wrong = (message: string | null): Html | null =>
  message === null ? null : html`<p class="bad" role="alert" id="problem">${message}</p>`;

const described = (message: string | null): Html => (message === null ? html`` : html` aria-describedby="problem" aria-invalid="true"`);

const leave = (action: string): Html => html`<p class="quiet"><a href="${action}/leave">Go back without signing in</a></p>`;

function cast(): Html {
  const rows = people.map(
    ({ login, name, about }) =>
      html`<dt>${login}</dt>
        <dd>${name}: ${about}</dd>`,
  );
  return html`<h2>Who you can be</h2>
    <p class="quiet">Everybody's password is <strong>${demoPassword}</strong>.</p>
    <dl>${rows}</dl>`;
}

export interface LoginView {
  readonly action: string;
  readonly login: string;
  readonly problem: string | null;
}

export function loginPage({ action, login, problem }: LoginView): string {
  return layout(
    'Sign in',
    html`<h1>Sign in</h1>
      ${wrong(problem)}
      <form method="post" action="${action}">
        <label for="login">User name</label>
        <input id="login" name="login" value="${login}" autocomplete="username" autocapitalize="none" spellcheck="false" required />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required ${described(problem)} />
        <button type="submit">Sign in</button>
      </form>
      ${leave(action)} ${cast()}`,
  );
}

export interface CodeView {
  readonly action: string;
  readonly name: string;
  readonly shown: ShownCode;
  readonly problem: string | null;
}

function currentCode(shown: ShownCode): Html {
  if ('code' in shown)
    return html`<p>A demonstration has no phone, so here is the code: <output id="current-code">${shown.code}</output></p>`;
  return html`<p id="wait">All codes of this half minute are used. The next one appears here in ${shown.waitSeconds} seconds.</p>`;
}

export function codePage({ action, name, shown, problem }: CodeView): string {
  return layout(
    'One-time code',
    html`<h1>Enter your 6-digit code</h1>
      <p>${name}, this sign-in asks for a second factor.</p>
      ${wrong(problem)} ${currentCode(shown)}
      <form method="post" action="${action}">
        <label for="code">One-time code</label>
        <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required ${described(problem)} />
        <button type="submit">Continue</button>
      </form>
      ${leave(action)}`,
  );
}

export function leavePage(action: string): string {
  return layout(
    'Go back',
    html`<h1>Go back without signing in?</h1>
      <p>The application that sent you here is told that you did not sign in, and nothing else.</p>
      <form method="post" action="${action}/leave"><button type="submit">Go back</button></form>
      <p class="quiet"><a href="${action}">Continue signing in</a></p>`,
  );
}

export function frontPage(): string {
  return layout(
    'Who is here',
    html`<h1>Demonstration identity provider</h1>
      <p>Applications send people here to sign in. There is nothing to do on this page.</p>
      <p><a href="/session/end">Sign out here</a>, to sign in as somebody else next time.</p>
      ${cast()}`,
  );
}

export function signOutPage({ action, xsrf }: { readonly action: string; readonly xsrf: string }): string {
  return layout(
    'Sign out',
    html`<h1>Sign out of the demonstration?</h1>
      <p>Applications you already signed in to keep what they have until they ask again.</p>
      <form method="post" action="${action}">
        <input type="hidden" name="xsrf" value="${xsrf}" />
        <input type="hidden" name="logout" value="yes" />
        <button type="submit">Sign out</button>
      </form>`,
  );
}

export function noticePage(title: string, sentence: string): string {
  return layout(
    title,
    html`<h1>${title}</h1>
      <p>${sentence}</p>`,
  );
}
