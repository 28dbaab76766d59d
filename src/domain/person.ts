import { z } from 'zod';
import { Assurance } from './assurance.ts';
import { AssuranceDemand, noDemand } from './assurance-demand.ts';
import { ConnectionId, UserId } from './ids.ts';

/** Somebody who has signed in during a transaction: our user, how they came, and what was proven. */
export const Person = z.object({
  userId: UserId,
  connectionId: ConnectionId,
  name: z.string().nullable(),
  email: z.string().nullable(),
  assurance: Assurance,
  /** `identityKey` of the sign-in, and the upstream's name for its session. */
  identityId: z.string().optional(),
  sid: z.string().optional(),
  /** What the upstream was asked to prove; `assurance` is its answer. */
  asked: AssuranceDemand.default(noDemand),
  /** When the trip began, in ms since the epoch: how old a sign-in the client accepts is counted from there. */
  askedAt: z.number().optional(),
  /** Whether the upstream was asked to have the person sign in afresh, and what came of it. */
  afresh: z.enum(['answered', 'failed']).optional(),
  /** The enrolment of our own second factor that raised `assurance`: when it is gone, so is what it proved. */
  ownFactor: z.string().optional(),
});
export type Person = z.infer<typeof Person>;
