/** The facts of a request, told the same way before sign-in and at the decision: who asks, and where the answer goes. */
import { html } from './html.ts';
import type { Html, Slot } from './html.ts';
import { icons } from './icons.ts';
import { displayName, isCut, isolated, named, plainText, quotedName } from './names.ts';
import type { Notice } from './notice.ts';
import type { Organisation } from './layout.ts';

/** `verifiedHost` is the site the app's details were read from, `configured` that the company itself added it; without either nobody vouches for the name. */
export interface App {
  name: string;
  verifiedHost: string | null;
  configured?: boolean;
}

/** Where the answer goes. `own` says the host is the site the app's details came from. */
export type ReturnTo = { kind: 'loopback'; host: string } | { kind: 'web'; host: string; own: boolean } | { kind: 'app'; scheme: string };

export interface Point {
  label: string;
  value: Slot;
  note: Slot;
}

/** The crossing: round stops on a rail, a square one where the answer goes. */
export const crossing = (points: readonly Point[]): Html =>
  html`<section class="request" aria-labelledby="request">
    <div class="stay">
      <h2 id="request">This request</h2>
      <ol class="crossing">
        ${points.map(
          ({ label, value, note }) =>
            html`<li>
              <p class="label">${label}</p>
              <p class="value">${value}</p>
              ${note}
            </li> `,
        )}
      </ol>
    </div>
  </section>`;

export const note = (content: Slot): Html => html`<p class="note">${content}</p>`;

export const isVouchedFor = (app: App): boolean => app.verifiedHost !== null || app.configured === true;

export const appText = (app: App): string => (isVouchedFor(app) ? displayName(app.name) : quotedName(app.name));
export const appName = (app: App): Html => isolated(appText(app));

export const askingPoint = (app: App): Point => ({
  label: 'Who is asking',
  value: appName(app),
  note: [
    !isVouchedFor(app)
      ? html`<p class="badge warn">${icons.warning}Not verified</p>`
      : html`<p class="badge ok">
          ${icons.check}<span>${app.verifiedHost === null ? 'Added by your company' : `From ${plainText(app.verifiedHost)}`}</span>
        </p>`,
    isCut(app.name) &&
      html`<details>
        <summary>The name in full</summary>
        <p class="note"><bdi>${plainText(app.name)}</bdi></p>
      </details>`,
  ],
});

export function answerPoint(returnTo: ReturnTo, app: App, organisation: Organisation): Point {
  const label = 'Where the answer goes';
  if (returnTo.kind === 'loopback')
    return { label, value: 'A program on this computer', note: note(html`<code>${plainText(returnTo.host)}</code>`) };
  if (returnTo.kind === 'app')
    return { label, value: 'An app on this device', note: note(html`<code>${plainText(returnTo.scheme)}:</code>`) };
  const own = returnTo.own && app.verifiedHost !== null;
  const whose = own ? html`The website of ${named(app.name)}` : html`A website outside ${named(organisation.name)}`;
  return { label, value: html`<code>${plainText(returnTo.host)}</code>`, note: note(whose) };
}

/** The sentence printed above the buttons: the host a second time, in full. */
export function answerSentence(returnTo: ReturnTo): Html {
  if (returnTo.kind === 'loopback') return html`Your answer goes to <code>${plainText(returnTo.host)}</code> on this computer.`;
  if (returnTo.kind === 'app')
    return html`Your answer goes to the app on this device that opens <code>${plainText(returnTo.scheme)}:</code> links.`;
  return html`Your answer goes to <code>${plainText(returnTo.host)}</code>.`;
}

/** The one warning a request deserves, as loud as its risk; null when what was claimed was checked. */
export function riskOf(app: App, returnTo: ReturnTo): Notice | null {
  if (returnTo.kind !== 'web')
    return {
      tone: 'warn',
      title: `Did you just start this in ${appText(app)}?`,
      text:
        returnTo.kind === 'loopback'
          ? 'Any program on this computer can use that name. If you didn’t start it yourself, stop here.'
          : 'Any app on this device can use that name. If you didn’t start it yourself, stop here.',
    };
  const host = plainText(returnTo.host);
  if (app.configured === true) return null;
  if (app.verifiedHost === null)
    return {
      tone: 'bad',
      title: 'We can’t tell who made this app',
      text: `It chose the name ${quotedName(app.name)} itself, and your answer would go to ${host}. Continue only if you know that website and came here from it.`,
    };
  if (returnTo.own) return null;
  return {
    tone: 'warn',
    title: 'Your answer would go to another website',
    text: `The details of ${displayName(app.name)} come from ${plainText(app.verifiedHost)}, but your answer would go to ${host}. Continue only if you know both.`,
  };
}
