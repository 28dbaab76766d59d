import { z } from 'zod';
import { ConnectionId, UserId } from './ids.ts';

/** Ours, with an opaque id; name and e-mail are for display. */
export const User = z.object({
  id: UserId,
  name: z.string().nullable(),
  email: z.string().nullable(),
  status: z.enum(['active', 'disabled']),
  createdAt: z.number(),
  seenAt: z.number(),
  /** The transaction that is joining this account with another, and until when nobody else may (ms). */
  reservedBy: z.string().optional(),
  reservedUntil: z.number().optional(),
});
export type User = z.infer<typeof User>;

/** One upstream identity and whose it is; the id is `identityKey`. */
export const Identity = z.object({
  id: z.string(),
  userId: UserId,
  connectionId: ConnectionId,
  issuer: z.string(),
  subject: z.string(),
  createdAt: z.number(),
  /** Since when it is this user's (ms); absent while it is that of who first signed in with it. */
  heldSince: z.number().optional(),
});
export type Identity = z.infer<typeof Identity>;
