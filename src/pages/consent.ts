/** The decision: which account, which workspace, what the app may do, for how long, and where the answer goes. */
import { choice, heldRow } from './choices.ts';
import { hiddenFields, postForm, unseen } from './form.ts';
import type { ConsentView, TenantChoice } from './consent-view.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { joinButton } from './join-texts.ts';
import { layout } from './layout.ts';
import { displayName, named, plainText, withArticle } from './names.ts';
import { noticesOf } from './notice.ts';
import { takingBack } from './taking-back.ts';
import { answerPoint, answerSentence, appName, appText, askingPoint, crossing, isVouchedFor, note, riskOf } from './request.ts';
import type { Point } from './request.ts';

export { samples } from './consent-samples.ts';

export function consent(view: ConsentView): Html {
  const { app, organisation, resource, returnTo } = view;
  const more = view.scopes.some(({ state }) => state === 'granted');
  const risk = !isVouchedFor(app) || (returnTo.kind === 'web' && !returnTo.own) ? riskOf(app, returnTo) : null;
  const what = more ? 'do more in' : 'use';
  return layout(
    { title: `Let ${appText(app)} ${what} ${displayName(resource.name)}?`, organisation },
    html`<main id="main" class="card deck split" tabindex="-1">
      <div class="intro">
        <h1>Let ${appName(app)} ${what} ${named(resource.name)}?</h1>
        <p class="lead">It can never do more than you can. You choose what it may do, and you can take it back at any time.</p>
      </div>
      ${crossing(pointsOf(view))}
      <div class="answer">${noticesOf(risk, view.notice)} ${workspace(view)} ${postForm(view.action, view, decision(view))}</div>
    </main>`,
  );
}

function pointsOf({ account, app, lasts, linkAction, organisation, otherAccountAction, returnTo, ...view }: ConsentView): Point[] {
  const from = html`signed in with ${named(account.connectionName)}`;
  const other = postForm(otherAccountAction, view, html`<button class="button leave">Use another account</button>`);
  const link = linkAction !== null && postForm(linkAction, view, html`<button class="button leave">${joinButton}</button>`);
  return [
    askingPoint(app),
    {
      label: 'Acting as you',
      value: named(account.name),
      note: [note(account.email === null ? from : html`<bdi>${plainText(account.email)}</bdi>, ${from}`), other, link],
    },
    { label: 'How long it lasts', value: lasts.title, note: note(lasts.note) },
    answerPoint(returnTo, app, organisation),
  ];
}

const workspace = (view: ConsentView): Html =>
  view.tenantIsGiven
    ? html`<section aria-labelledby="workspace">
        <h2 id="workspace">In this workspace</h2>
        <ul class="rows">
          ${view.tenants.filter(({ chosen }) => chosen).map(givenTenant)}
        </ul>
      </section>`
    : html`<section aria-labelledby="workspace">
        <h2 id="workspace">In which workspace</h2>
        ${postForm(
          view.tenantAction,
          view,
          html`<ul class="rows">
            ${view.tenants.map(tenantRow)}
          </ul>`,
        )}
      </section>`;

const roleIn = (roleTitle: string): Html | false =>
  roleTitle !== '' && html` <span class="role">· you are ${withArticle(displayName(roleTitle))} here</span>`;

const givenTenant = ({ name, roleTitle }: TenantChoice): Html =>
  html`<li class="row chosen">
    <p><b>${named(name)}</b>${roleIn(roleTitle)}<span class="step">The address in your app leads to this workspace only</span></p>
  </li>`;

function tenantRow({ id, name, roleTitle, chosen, needsStepUp }: TenantChoice): Html {
  const step = needsStepUp && html`<span class="step">Asks for one more sign-in step</span>`;
  return html`<li class="${chosen ? 'row chosen' : 'row'}">
    <p><b>${named(name)}</b>${roleIn(roleTitle)}${step}</p>
    ${
      chosen
        ? html`<p class="mark-chosen">${icons.check}Chosen</p>`
        : html`<button class="button small" name="tenant" value="${id}">
            Choose${needsStepUp && '…'}${unseen(` ${displayName(name)}`)}
          </button>`
    }
  </li>`;
}

/** The first button is the form's default and submits to no dialog, which is to say nowhere: pressing Enter in a box decides nothing. */
function decision(view: ConsentView): Html {
  const { app, buttons, returnTo, scopes } = view;
  const shown = view.tenants.find(({ chosen }) => chosen);
  const held = scopes.filter(({ state }) => state === 'granted');
  const asked = scopes.filter(({ state }) => state !== 'granted');
  return html`<button formmethod="dialog" hidden>Nothing yet</button>${shown !== undefined && hiddenFields({ shown_tenant: shown.id })}
    ${
      held.length > 0 &&
      html`<section aria-labelledby="held">
        <h2 id="held">What it may do already</h2>
        <ul class="rows held">
          ${held.map(heldRow)}
        </ul>
      </section>`
    }
    <fieldset>
      <legend><h2>${held.length > 0 ? 'What it asks for now' : 'What it may do'}</h2></legend>
      <p class="under">Looking is ticked for you. Anything that changes data is your decision.</p>
      <div class="rows">${asked.map(choice)}</div>
    </fieldset>
    <p class="last">${answerSentence(returnTo)} ${takingBack(appName(app), view.organisation)}</p>
    <div class="pair">
      <button class="button main" name="decision" value="approve">${buttons.approve}</button
      ><button class="button" name="decision" value="deny">${buttons.deny}</button>
    </div>`;
}
