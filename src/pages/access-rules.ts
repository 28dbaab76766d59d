/** Try a change to access rules: edit on one side, see who it touches on the other; nothing changes until it is published. */
import { draftColumn } from './access-rules-draft.ts';
import { previewColumn } from './access-rules-preview.ts';
import { trialSection } from './access-rules-trial.ts';
import type { AccessRulesView, LockOut } from './access-rules-view.ts';
import { hiddenFields } from './form.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { layout } from './layout.ts';
import { displayName, named, plainText } from './names.ts';
import type { Notice } from './notice.ts';
import { noticeBox } from './notice.ts';

export { samples } from './access-rules-samples.ts';

export function accessRules(view: AccessRulesView): Html {
  const { organisation, bar, workspace, revision, checked, csrf } = view;
  const heading = 'Try a change to access rules';
  const notice = view.lockOut === null ? view.notice : lockOutNotice(view.lockOut, workspace);
  return layout(
    { title: `${hasProblem(view) ? 'Error: ' : ''}${heading}`, organisation, bar },
    html`<main id="main" class="wide-page" tabindex="-1">
      <h1>${heading}${view.isDraft && html` <span class="badge accent">Draft, not published</span>`}</h1>
      <p class="lead">
        ${named(workspace)}. Edit on one side, see who it touches on the other. Nothing changes for anyone until you publish.
      </p>
      ${notice !== null && noticeBox(notice)}
      <form method="post" class="lab" action="${view.action}">
        ${hiddenFields({ csrf, revision: String(revision), checked })}<button name="press" value="check" hidden="hidden">
          Check this draft
        </button>
        <div class="columns">${draftColumn(view)} ${previewColumn(view)}</div>
        ${trialSection(view.trial)}
      </form>
    </main>`,
  );
}

const hasProblem = ({ rules, publish }: AccessRulesView): boolean =>
  rules.some(({ problems }) => problems.length > 0) || (publish.state === 'open' && publish.problem !== null);

const lockOutNotice = (lockOut: LockOut, workspace: string): Notice =>
  lockOut.who === 'you'
    ? {
        tone: 'bad',
        title: 'Publishing this draft would lock you out',
        text: `You are an administrator only through ${plainText(lockOut.through)}, and this draft takes that away. Add a rule that keeps you in, or ask another administrator to publish.`,
      }
    : {
        tone: 'bad',
        title: `Publishing this draft would leave ${displayName(workspace)} without an administrator`,
        text: 'Nobody who has signed in could put it right afterwards. Add a rule that keeps somebody in, or assign the role to somebody by hand first.',
      };
