/** Two sign-ins of one person: what joining them does, or why they cannot be joined. */
import { hiddenFields, postForm } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { gate, layout } from './layout.ts';
import { named } from './names.ts';
import { refusedText } from './join-texts.ts';
import type { JoinRefusal } from './join-texts.ts';
import type { JoinView, SignIn } from './join-view.ts';

export { samples } from './join-samples.ts';

export function join(view: JoinView): Html {
  const { organisation, proposal } = view;
  if ('refused' in proposal) return refused(view, proposal.refused);
  const heading = 'Are both of these you?';
  return layout(
    { title: heading, organisation },
    gate(
      html`<h1>${heading}</h1>
        <p class="lead">You have just signed in both ways. Join them, and whichever you use you are the same person here.</p>
        <ul class="rows">
          ${view.signIns.map((signIn, index) => row(signIn, (index === 0) === (proposal.stays === 'first')))}
        </ul>
        <h2>What happens then</h2>
        <p>${appsText(proposal.apps, leavingOf(view, proposal.stays))}</p>
        <p>
          What you may do still depends on the way you sign in, as it does now. Only ${named(organisation.helpName)} can take them apart
          again.
        </p>
        <p class="firm">If one of them belongs to somebody else, leave them apart.</p>
        ${postForm(
          view.joinAction,
          view,
          html`${hiddenFields({ shown_staying: proposal.stays })}<button class="button main">Join them</button>`,
        )}
        ${apart(view, 'Leave them apart and go on as')}`,
    ),
  );
}

const row = ({ account, connectionName }: SignIn, stays: boolean): Html =>
  html`<li class="${stays ? 'row chosen' : 'row'}">
    <p>
      <b>${named(account)}</b> <span class="role">· with ${named(connectionName)}</span
      ><span class="step">${stays ? 'Stays as it is' : 'Becomes another way to sign in to the same account'}</span>
    </p>
  </li>`;

const leavingOf = ({ signIns }: JoinView, stays: 'first' | 'second'): SignIn => (stays === 'first' ? signIns[1] : signIns[0]) ?? signIns[0];

function appsText(apps: number, { account }: SignIn): Html {
  if (apps === 0) return html`No app has to be connected again.`;
  const [what, again] = apps === 1 ? ['1 app', 'it'] : [`${String(apps)} apps`, 'them'];
  return html`${what} connected as ${named(account)} will be disconnected. Connect ${again} again to go on using ${again}.`;
}

/** Whoever signed in last goes on. */
function apart(view: JoinView, words: string, look = 'button'): Html {
  const { account, connectionName } = view.signIns[1] ?? view.signIns[0];
  return postForm(view.apartAction, view, html`<button class="${look}">${words} ${named(account)} with ${named(connectionName)}</button>`);
}

function refused(view: JoinView, refusal: JoinRefusal): Html {
  const { title, cause, nextStep } = refusedText(refusal, view.organisation.helpName);
  const isDone = refusal.kind === 'joined-already';
  return layout(
    { title, organisation: view.organisation },
    gate(
      html`<h1 class="with-medallion"><span class="medallion" aria-hidden="true">${isDone ? icons.check : icons.info}</span>${title}</h1>
        <p class="lead">${cause}</p>
        ${!isDone && html`<p class="firm">Nothing was joined.</p>`}
        <p>${nextStep}</p>
        ${apart(view, 'Go on as', 'button main')}`,
    ),
  );
}
