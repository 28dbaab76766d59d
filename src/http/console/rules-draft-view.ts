import { isPlatform } from '../../domain/administration.ts';
import type { GroupNaming } from '../../domain/group-name.ts';
import type { ConnectionId, TenantId } from '../../domain/ids.ts';
import { sameRules } from '../../domain/rules-draft.ts';
import type { RowProblem, RowProblems } from '../../domain/rules-draft.ts';
import { leadsInto } from '../../domain/tenant.ts';
import type { TriedRules } from '../../flows/try-draft.ts';
import type { AccessRulesView, PublishView } from '../../pages/access-rules-view.ts';
import { checkedText, draftDigest } from './checked.ts';
import type { Answered } from './rules-press.ts';
import { askingOf, barred, rulesOf } from './rules-press.ts';
import { previewView, publishedRows, removedView, rowsView } from './rules-view.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';
import { triedGroups, trialView } from './trial.ts';

type DraftView = Omit<AccessRulesView, 'organisation' | 'bar' | 'action' | 'csrf'>;

type Bar = ReturnType<typeof barred>;

function publishView(tried: TriedRules | null, isDraft: boolean, bar: Bar, { form, problem, status }: Answered): PublishView {
  if (!isDraft) return { state: 'unchanged' };
  if (status === 429) return { state: 'paused' };
  if (bar !== null) return { state: bar };
  if (tried === null || 'problems' in tried || tried.preview === null) return { state: 'problems' };
  if (tried.preview.lockedOut !== null) return { state: 'locked-out' };
  if (tried.isOutOfReach) return { state: 'beyond-reach' };
  return { state: 'open', typed: problem === null ? '' : (form?.values['losing'] ?? ''), problem };
}

/** What is wrong with the draft as a whole. */
const wholeProblem = (tried: TriedRules | null): string | null =>
  tried !== null && 'problems' in tried ? (tried.problems.find(({ rule }) => rule === null)?.problem ?? null) : null;

/** What a configuration would not take, at its rows. */
function judged(tried: TriedRules | null): RowProblems {
  const problems = new Map<number, readonly RowProblem[]>();
  if (tried === null || !('problems' in tried)) return problems;
  for (const { rule, field, problem } of tried.problems)
    if (rule !== null) problems.set(rule, [...(problems.get(rule) ?? []), { field: field ?? 'group', problem }]);
  return problems;
}

/** What the groups on the page are called, and which ones may be chosen from. */
async function groupsFor({ flows, administration }: ConsoleDependencies, { standing }: SignedIn, { draft, form }: Answered) {
  const { tenant, rows, names, policy } = draft;
  const ids = names.connections.map(({ id }) => id);
  const shown = [...rows.map(({ group }) => group), ...tenant.rules.flatMap(({ group }) => group ?? []), ...triedGroups(form)];
  // Which groups people of other workspaces are in is not this administrator's to know.
  const others = isPlatform(standing, administration) ? [] : policy.directory.tenants.filter(({ id }) => id !== tenant.id);
  const isOnlyHere = (id: ConnectionId) => leadsInto(tenant, id) && !others.some((other) => leadsInto(other, id));
  const leading = ids.filter(isOnlyHere);
  const [naming, known] = await Promise.all([flows.nameGroups(ids, shown), flows.knownGroups(leading)]);
  return { naming, known };
}

/** What the draft is to everybody, where it is one and its author has not to wait. */
async function tryDraft(
  { flows }: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  { draft, status, naming, isWhole }: Answered & { readonly naming: GroupNaming; readonly isWhole: boolean },
): Promise<TriedRules | null> {
  if (!isWhole || status === 429) return null;
  return flows.tryRules(draft.policy, tenantId, { rules: rulesOf(draft).rules, you: askingOf(who), naming });
}

/** Everything the page shows of a draft: who it touches is worked out anew each time. */
export async function draftView(
  dependencies: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  answered: Answered,
): Promise<DraftView> {
  const { clock, sealing } = dependencies;
  const { draft, form, isTrying } = answered;
  const { policy, tenant, rows, press } = draft;
  const { rules, problems } = rulesOf(draft);
  const { naming, known } = await groupsFor(dependencies, who, answered);
  const names = { ...draft.names, naming, now: clock.now() };
  const tried = await tryDraft(dependencies, who, tenantId, { ...answered, naming, isWhole: problems.size === 0 });
  const whole = wholeProblem(tried);
  const wrong = problems.size > 0 ? problems : judged(tried);
  const found = tried === null || 'problems' in tried ? null : tried;
  const preview = found?.preview ?? null;
  const isDraft = wrong.size > 0 || !sameRules(rules, tenant.rules);
  const checked = { revision: policy.number, at: preview?.at ?? clock.now(), draft: preview === null ? '' : draftDigest(rows) };
  const published = publishedRows(tenant.rules);
  const trial = { before: policy.directory, after: found?.after ?? null, tenantId, now: clock.now(), isAsked: isTrying, naming };
  return {
    workspace: tenant.name,
    revision: policy.number,
    checked: checkedText(sealing.mac, tenantId, checked),
    isDraft,
    notice: whole === null ? answered.notice : { tone: 'bad', title: 'This draft cannot be published', text: whole },
    rules: rowsView({ rows, published, problems: wrong, press }, names),
    removed: removedView(rows, published, names),
    roles: names.roles.map(({ id, name }) => ({ id, name })),
    connections: names.connections.map(({ id, name }) => ({ id, name })),
    groups: known,
    defaultRole: names.roles.find(({ id }) => id === tenant.defaultRole)?.name ?? null,
    preview: preview === null ? null : previewView(preview),
    lockOut: preview?.lockedOut ?? null,
    publish: publishView(tried, isDraft, barred(dependencies, who, tenantId), answered),
    trial: trialView(form, trial),
  };
}
