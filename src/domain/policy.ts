import { z } from 'zod';

/** Who made a revision: a process that started with another file, a reviewed file that was applied, an administrator, or somebody who went back. */
export const RevisionSource = z.enum(['start', 'apply', 'administrator', 'rollback']);
export type RevisionSource = z.infer<typeof RevisionSource>;

/** One state of who may do what: tenants, roles, and what tools ask for. The newest is in force everywhere. */
export const Revision = z.object({
  /** 1, 2, 3 … without gaps. */
  number: z.int().min(1),
  /** When it was made, in ms since the epoch. */
  at: z.number(),
  source: RevisionSource,
  /** The administrator's user id, or the account of the machine that ran the command; null at a start. */
  by: z.string().nullable(),
  /** What whoever made it says about it. */
  note: z.string().max(500),
  /** SHA-256 of the document. */
  digest: z.string(),
});
export type Revision = z.infer<typeof Revision>;

/** What is between two revisions of one file: nobody but starts made any, so a start with another file makes the next. */
export const followsFile = (latest: Revision | null): boolean => latest === null || latest.source === 'start';
