import { administrationScopes, mayAdminister } from '../../domain/administration.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { MappingRule } from '../../domain/mapping-rule.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { DraftRow } from '../../domain/rules-draft.ts';
import { isRule, rebased, ruleOf } from '../../domain/rules-draft.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { PolicyNow } from '../../flows/steps/policy-now.ts';
import type { Published } from '../../flows/publish-rules.ts';
import type { Notice } from '../../pages/notice.ts';
import type { Parameters } from '../body.ts';
import type { Press } from './draft-form.ts';
import { draftDigest, edited, pressOf, readChecked, rowsOf } from './draft-form.ts';
import { publishedRows } from './rules-view.ts';
import type { ConsoleDependencies, SignedIn } from './session.ts';

/** A draft over the rules that are published at this moment. */
export interface Draft {
  readonly policy: PolicyNow;
  readonly tenant: Tenant;
  readonly rows: readonly DraftRow[];
  readonly press: Press;
  /** Whether it was begun on other rules than those. */
  readonly isRebased: boolean;
}

/** What a page is made of. */
export interface Answered {
  readonly draft: Draft;
  readonly form: Parameters | null;
  readonly status: 200 | 409 | 422;
  readonly notice: Notice | null;
  /** What is wrong with the number that was typed. */
  readonly problem: string | null;
  readonly isTrying: boolean;
}

/** The draft of a form, or the published rules where there is none. */
export async function openDraft({ flows }: ConsoleDependencies, tenantId: TenantId, form: Parameters | null): Promise<Draft> {
  const found = await flows.publishedRules(tenantId);
  if (found === null) throw new PageRefusal('not-found', 'the workspace is gone');
  const { policy, tenant } = found;
  const published = publishedRows(tenant.rules);
  if (form === null) return { policy, tenant, rows: published, press: { what: 'check' }, isRebased: false };
  const press = pressOf(form);
  const { roles } = policy.directory;
  const isRebased = form.values['revision'] !== String(policy.number);
  const rows = isRebased ? rebased(rowsOf(form), roles, tenant.rules) : rowsOf(form);
  return { policy, tenant, rows: edited(rows, press, published, roles[0]?.id ?? ''), press, isRebased };
}

/** The rules of a draft, as far as they are ones, and what is wrong with the others. */
export function rulesOf({ rows, policy }: Draft): { readonly rules: MappingRule[]; readonly problems: Map<number, string> } {
  const problems = new Map<number, string>();
  const rules = rows.flatMap((row, index) => {
    const rule = ruleOf(row, policy.directory.roles);
    if (isRule(rule)) return rule;
    problems.set(index + 1, rule.problem);
    return [];
  });
  return { rules, problems };
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
