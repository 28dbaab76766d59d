import { AdministrationRefused } from '../domain/administration.ts';
import type { Revision } from '../domain/policy.ts';
import type { Standing } from '../domain/standing.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Policies } from '../ports/policies.ts';
import type { Agreed } from './steps/agreed.ts';
import type { Plan } from './steps/plan-policy.ts';
import { isInForce } from './steps/plan-policy.ts';
import type { PolicyProblem, ReturnDependencies } from './steps/plan-return.ts';
import { planReturn, returnNote } from './steps/plan-return.ts';
import type { Published, PublishDependencies } from './steps/publish-policy.ts';
import { publishPolicy } from './steps/publish-policy.ts';

export interface RestoreDependencies extends Omit<ReturnDependencies, 'policies'>, PublishDependencies {
  /** Only the reviewed file changes what is in force. */
  readonly isFileOnly: boolean;
}

/** The revision whose words are to be in force again, and who wants that. */
export interface Restoring {
  readonly to: number;
  readonly standing: Standing;
}

type Unreadable = { readonly problems: readonly PolicyProblem[] };

const examples = 20;

async function inForceNow({ policies }: { readonly policies: Pick<Policies, 'latest'> }): Promise<Revision> {
  const latest = await policies.latest();
  if (latest === null) throw new StoreUnavailable('there is no policy');
  return latest;
}

async function planFrom(dependencies: RestoreDependencies, { to, standing }: Restoring, inForce: Revision): Promise<Plan | Unreadable> {
  const plan = await planReturn(dependencies)(to, inForce, { you: standing.user.id, examples });
  if (plan === null) throw new AdministrationRefused('not-found');
  return plan;
}

/** What putting an earlier revision back would be to everybody. Nothing is written. */
export const proposeRestore =
  (dependencies: RestoreDependencies) =>
  async (restoring: Restoring): Promise<Plan | Unreadable> =>
    planFrom(dependencies, restoring, await inForceNow(dependencies));

/** Makes the next revision say what an earlier one said, unless what is in force does, and was decided on. */
export const restorePolicy =
  (dependencies: RestoreDependencies) =>
  async (restoring: Restoring, agreed: Agreed): Promise<Published | Unreadable | { readonly outcome: 'in-force-already' }> => {
    if (dependencies.isFileOnly) throw new AdministrationRefused('file-only');
    const { standing, to } = restoring;
    const { after, note, losing, mayLockOut, askAgain } = agreed;
    const inForce = await inForceNow(dependencies);
    if (inForce.number !== after) throw new AdministrationRefused('stale');
    const plan = await planFrom(dependencies, restoring, inForce);
    if ('problems' in plan) return plan;
    if (isInForce(plan)) return { outcome: 'in-force-already' };
    await askAgain();
    return publishPolicy(dependencies)({
      document: plan.document,
      source: 'rollback',
      by: standing.user.id,
      note: returnNote(to, note),
      after,
      preview: plan.preview,
      agreedLosing: losing,
      mayLockOut,
      // It is about every tenant: whoever looks after them all finds it in the record of theirs.
      about: { tenantId: standing.tenant.id, adminId: standing.user.id },
    });
  };
