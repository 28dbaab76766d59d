import { z } from 'zod';
import type { Agreed } from '../../flows/steps/agreed.ts';
import type { AdminRequest } from './contract.ts';
import { ProblemRefused } from './problems.ts';

/** What whoever changes who may do what says beside it. */
export const agreeing = {
  note: z.string().max(500).default('').describe('Why, for the history.'),
  losing: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('How many people who lose something you agree to; another number, and nothing is changed.'),
  mayLockOut: z
    .boolean()
    .default(false)
    .describe('Whether a tenant may be left without an administrator. Only for whoever looks after all tenants.'),
};

/** What a change that was not made is refused with. */
export const changeFaults = { 'changed-meanwhile': 'stale', 'locks-out': 'last-administrator', 'not-agreed': 'not-agreed' } as const;

/** What was agreed to, together with the version that was looked at. */
export function agreedTo({ note, losing, mayLockOut }: Pick<Agreed, 'note' | 'losing' | 'mayLockOut'>, request: AdminRequest): Agreed {
  const { ifMatch, askAgain } = request;
  if (ifMatch === null) throw new ProblemRefused(428, 'Say with If-Match which revision you looked at.');
  return { after: ifMatch, note, losing, mayLockOut, askAgain };
}
