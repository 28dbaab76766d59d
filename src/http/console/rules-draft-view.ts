import type { TenantId } from '../../domain/ids.ts';
import { sameRules } from '../../domain/rules-draft.ts';
import type { TriedRules } from '../../flows/try-draft.ts';
import type { AccessRulesView, PublishView } from '../../pages/access-rules-view.ts';
import { checkedText, draftDigest } from './draft-form.ts';
import type { Answered } from './rules-press.ts';
import { askingOf, barred, rulesOf } from './rules-press.ts';
import { previewView, publishedRows, removedView, rowsView } from './rules-view.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';
import { trialView } from './trial.ts';

type DraftView = Omit<AccessRulesView, 'organisation' | 'bar' | 'action' | 'csrf'>;

type Bar = ReturnType<typeof barred>;

function publishView(tried: TriedRules | null, isDraft: boolean, bar: Bar, { form, problem }: Answered): PublishView {
  if (!isDraft) return { state: 'unchanged' };
  if (bar !== null) return { state: bar };
  if (tried === null || 'problems' in tried) return { state: 'problems' };
  if (tried.preview.lockedOut !== null) return { state: 'locked-out' };
  if (tried.isOutOfReach) return { state: 'beyond-reach' };
  return { state: 'open', typed: problem === null ? '' : (form?.values['losing'] ?? ''), problem };
}

/** What is wrong with the draft as a whole. */
const wholeProblem = (tried: TriedRules | null): string | null =>
  tried !== null && 'problems' in tried ? (tried.problems.find(({ rule }) => rule === null)?.problem ?? null) : null;

/** Everything the page shows of a draft: who it touches is worked out anew each time. */
export async function draftView(
  dependencies: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  answered: Answered,
): Promise<DraftView> {
  const { flows, clock, sealing } = dependencies;
  const { draft, form, isTrying } = answered;
  const { policy, tenant, rows } = draft;
  const published = publishedRows(tenant.rules);
  const { rules, problems } = rulesOf(draft);
  const tried = problems.size > 0 ? null : await flows.tryRules(policy, tenantId, rules, askingOf(who));
  if (tried !== null && 'problems' in tried) for (const { rule, problem } of tried.problems) if (rule !== null) problems.set(rule, problem);
  const found = tried === null || 'problems' in tried ? null : tried;
  const isDraft = problems.size > 0 || !sameRules(rules, tenant.rules);
  const whole = wholeProblem(tried);
  const names = policy.directory;
  const checked = { revision: policy.number, at: found?.preview.at ?? clock.now(), draft: draftDigest(rows) };
  return {
    workspace: tenant.name,
    revision: policy.number,
    checked: checkedText(sealing.mac, tenantId, checked),
    isDraft,
    notice: whole === null ? answered.notice : { tone: 'bad', title: 'This draft cannot be published', text: whole },
    rules: rowsView(rows, published, problems, names),
    removed: removedView(rows, published, names),
    roles: names.roles.map(({ id, name }) => ({ id, name })),
    defaultRole: names.roles.find(({ id }) => id === tenant.defaultRole)?.name ?? null,
    preview: found === null ? null : previewView(found.preview),
    lockOut: found?.preview.lockedOut ?? null,
    publish: publishView(tried, isDraft, barred(dependencies, who, tenantId), answered),
    trial: trialView(form, { before: policy.directory, after: found?.after ?? null, tenantId, now: clock.now(), isAsked: isTrying }),
  };
}
