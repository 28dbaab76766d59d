import { z } from 'zod';
import { Assurance } from './assurance.ts';
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
  /** True when the upstream was asked for a second factor and this is its answer. */
  askedForMfa: z.boolean(),
});
export type Person = z.infer<typeof Person>;
