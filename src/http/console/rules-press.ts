import { administrationScopes, isPlatform, mayAdminister } from '../../domain/administration.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { MappingRule } from '../../domain/mapping-rule.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { DraftNames, DraftRow, RowProblem, RowProblems } from '../../domain/rules-draft.ts';
import { isRule, rebased, ruleOf, sameRules } from '../../domain/rules-draft.ts';
import { leadsInto } from '../../domain/tenant.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { PolicyNow } from '../../flows/steps/policy-now.ts';
import type { Published } from '../../flows/publish-rules.ts';
import type { Notice } from '../../pages/notice.ts';
import type { Parameters } from '../body.ts';
import type { Press } from './draft-form.ts';
import { draftDigest, readChecked } from './checked.ts';
import { edited, pressOf, rowsOf } from './draft-form.ts';
import { publishedRows } from './rules-view.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';

/** A draft over the rules that are published at this moment. */
export interface Draft {
  readonly policy: PolicyNow;
  readonly tenant: Tenant;
  readonly names: DraftNames;
  readonly rows: readonly DraftRow[];
  readonly press: Press;
  /** Whether it was begun on other rules than those. */
  readonly isRebased: boolean;
}

/** What a page is made of. */
export interface Answered {
  readonly draft: Draft;
  readonly form: Parameters | null;
  readonly status: 200 | 409 | 422 | 429;
  readonly notice: Notice | null;
  /** What is wrong with the number that was typed. */
  readonly problem: string | null;
  readonly isTrying: boolean;
}

/** What this administrator's rules may name: of connections that lead nowhere here only those who look after all know. */
function namesFor(
  { administration }: ConsoleDependencies,
  { standing }: SignedIn,
  { directory }: PolicyNow,
  tenant: Tenant,
): Draft['names'] {
  const { roles, connections } = directory;
  const isNamed = (id: string): boolean => tenant.rules.some(({ connectionId }) => connectionId === id);
  const here = isPlatform(standing, administration) ? connections : connections.filter(({ id }) => leadsInto(tenant, id) || isNamed(id));
  return { roles, connections: here, areSeveral: connections.length > 1 };
}

/** The draft of a form, or the published rules where there is none. */
export async function openDraft(
  dependencies: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  form: Parameters | null,
): Promise<Draft> {
  const found = await dependencies.flows.publishedRules(tenantId);
  if (found === null) throw new PageRefusal('not-found', 'the workspace is gone');
  const { policy, tenant } = found;
  const published = publishedRows(tenant.rules);
  const names = namesFor(dependencies, who, policy, tenant);
  if (form === null) return { policy, tenant, names, rows: published, press: { what: 'check' }, isRebased: false };
  const press = pressOf(form);
  const isRebased = form.values['revision'] !== String(policy.number);
  const rows = isRebased ? rebased(rowsOf(form, []), names, tenant.rules) : rowsOf(form, published);
  return { policy, tenant, names, rows: edited(rows, press, published, names.roles[0]?.id ?? ''), press, isRebased };
}

/** The rules of a draft, as far as they are ones, and what is wrong with the others. */
export function rulesOf({ rows, names }: Pick<Draft, 'rows' | 'names'>): { readonly rules: MappingRule[]; readonly problems: RowProblems } {
  const problems = new Map<number, readonly RowProblem[]>();
  const rules = rows.flatMap((row, index) => {
    const rule = ruleOf(row, names);
    if (isRule(rule)) return rule;
    problems.set(index + 1, rule.problems);
    return [];
  });
  return { rules, problems };
}

/** Seconds until what a draft is to everybody may be worked out once more for this administrator; what says what is in force costs nothing. */
export function waitFor({ limits }: ConsoleDependencies, { standing }: SignedIn, draft: Draft): number {
  const { rules, problems } = rulesOf(draft);
  const isFree = problems.size > 0 || sameRules(rules, draft.tenant.rules);
  return isFree ? 0 : limits.preview(standing.user.id);
}

/** Why this administrator cannot publish here at all; null when they can. */
export function barred({ administration }: ConsoleDependencies, { standing, scope }: SignedIn, tenantId: TenantId) {
  if (!administration.rulesHere) return 'from-file';
  if (mayAdminister(standing, tenantId, 'drawbridge:rules', administration) !== 'allowed') return 'not-yours';
  return scope.includes(administrationScopes.write) ? null : 'only-looking';
}

export const askingOf = ({ standing }: SignedIn) => ({
  tenant: standing.tenant,
  permissions: standing.permissions,
  identityId: standing.identityId,
  userId: standing.user.id,
});

const longest = 10 * 60_000;

const notice = (title: string, text: string): Notice => ({ tone: 'warn', title, text });

export const changedMeanwhile = notice(
  'The rules changed while this page was open',
  'Nothing was published, and your draft is kept. Look again at who it touches now.',
);
export const paused = (seconds: number): Notice =>
  notice(
    'You have looked at many drafts within a minute',
    `Nothing was published, and your draft is kept. Look again ${seconds === 1 ? 'in a second' : `in ${seconds} seconds`}: each look goes through everybody.`,
  );
const tooOld = notice('This preview is older than 10 minutes', 'Nothing was published. Look again at who the draft touches now.');
const otherDraft = notice('The draft was changed after it was checked', 'Nothing was published. Look at who it touches now, then publish.');
const refused = notice('Nothing was published', 'Look again at the draft and at what is said beside it.');

function problemWith(typed: string, losing: number): string {
  const many = losing === 1 ? '1 person loses' : `${losing} people lose`;
  return /^\d{1,9}$/.test(typed) ? `${many} something, not ${Number(typed)}. Look who they are.` : `Type the number: ${many} something.`;
}

/** A form that was sent. */
export interface Pressed {
  readonly draft: Draft;
  readonly form: Parameters;
  /** Who is signed in by now. */
  readonly askAgain: () => Promise<SignedIn | null>;
}

/** Publishes the draft if it is the one that was looked at, a moment ago, over the rules that still hold. */
export async function publish(
  dependencies: ConsoleDependencies,
  who: SignedIn,
  tenantId: TenantId,
  { draft, form, askAgain }: Pressed,
): Promise<Answered | { readonly revision: number }> {
  const { flows, sealing, clock } = dependencies;
  const again = (status: Answered['status'], said: Notice | null, problem: string | null = null): Answered => ({
    draft,
    form,
    status,
    notice: said,
    problem,
    isTrying: false,
  });
  const { rules, problems } = rulesOf(draft);
  if (barred(dependencies, who, tenantId) !== null || problems.size > 0) return again(422, null);
  const checked = readChecked(sealing.mac, tenantId, form.values['checked'] ?? '');
  if (draft.isRebased || checked?.revision !== draft.policy.number) return again(409, changedMeanwhile);
  if (clock.now() - checked.at > longest) return again(409, tooOld);
  if (checked.draft !== draftDigest(draft.rows)) return again(409, otherDraft);
  const typed = (form.values['losing'] ?? '').trim();
  const losing = typed === '' ? 0 : /^\d{1,9}$/.test(typed) ? Number(typed) : -1;
  const mayStill = async (): Promise<boolean> => {
    const now = await askAgain();
    return now !== null && barred(dependencies, now, tenantId) === null;
  };
  const done = await flows.publishRules({ tenantId, rules, revision: checked.revision, losing, by: askingOf(who), mayStill });
  return done.outcome === 'published' ? done : again(...refusal(done, typed));
}

function refusal(done: Exclude<Published, { outcome: 'published' }>, typed: string): [Answered['status'], Notice | null, string | null] {
  if (done.outcome === 'other-number') return [422, null, problemWith(typed, done.losing)];
  if (done.outcome === 'changed-meanwhile') return [409, changedMeanwhile, null];
  // A lock-out has words of its own on the page.
  return [422, done.outcome === 'locked-out' ? null : refused, null];
}
