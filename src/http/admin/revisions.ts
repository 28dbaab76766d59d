import { z } from 'zod';
import type { Revision } from '../../domain/policy.ts';
import { RevisionSource } from '../../domain/policy.ts';
import { ProblemRefused } from './problems.ts';
import { Moment } from './shapes.ts';

/** One revision of the policy, as several endpoints tell of it. */
export const RevisionView = z.object({
  revision: z.int().describe('Its number.'),
  at: Moment.describe('When it came into force.'),
  source: RevisionSource.describe('What made it.'),
  by: z.string().nullable().describe('The user, or the account on a machine. Only for whoever looks after all tenants.'),
  note: z.string().describe('Why. Only for whoever looks after all tenants.'),
});

/** Whose revision it is, and why, may be another tenant's affair. */
export function revisionView(revision: Revision, isForPlatform: boolean): z.infer<typeof RevisionView> {
  const { number, at, source } = revision;
  const { by, note } = isForPlatform ? revision : { by: null, note: '' };
  return { revision: number, at, source, by, note };
}

/** The number of a revision, as it comes in a path or a query. */
const written = /^[1-9]\d{0,8}$/;

export const revisionInPath = {
  revision: z.string().regex(written).transform(Number).describe('The number of the revision.'),
};

/** Where in the history a page begins. */
export function historyPlace({ after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
  if (after !== undefined && !written.test(after)) throw new ProblemRefused(400, '`after` is not the `next` of a page.');
  return { before: after === undefined ? null : Number(after), most: limit };
}
