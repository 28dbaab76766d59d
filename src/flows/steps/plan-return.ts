import type { Policies } from '../../ports/policies.ts';
import type { Revision } from '../../domain/policy.ts';
import type { Plan, PlanDependencies } from './plan-policy.ts';
import { planPolicy } from './plan-policy.ts';
import type { PreviewOptions } from './preview-policy.ts';

/** Where in a document something is wrong, and what. */
export interface PolicyProblem {
  readonly at: string;
  readonly problem: string;
}

export type JudgedPolicy = { readonly document: unknown } | { readonly problems: readonly PolicyProblem[] };

export interface ReturnDependencies extends PlanDependencies {
  readonly policies: Pick<Policies, 'get' | 'document'>;
  /** The document as it is to be stored, provided that nothing is wrong with it here and now. */
  readonly judge: (document: unknown) => JudgedPolicy;
}

/** What going back to what an earlier revision said would be; null when there is none of that number. Nothing is written. */
export const planReturn =
  (dependencies: ReturnDependencies) =>
  async (
    to: number,
    inForce: Revision,
    options: PreviewOptions = {},
  ): Promise<Plan | { readonly problems: readonly PolicyProblem[] } | null> => {
    const { policies, judge } = dependencies;
    const revision = await policies.get(to);
    if (revision === null) return null;
    const judged = judge(await policies.document(revision.digest));
    return 'problems' in judged ? judged : planPolicy(dependencies)(judged.document, inForce, options);
  };

/** What the history says of it where nobody said why. */
export const returnNote = (to: number, note: string): string => (note === '' ? `back to revision ${to}` : note);
