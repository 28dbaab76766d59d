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

/** What a connection last said of somebody, as far as rules ask: what their roles are computed from. */
export const Known = z.object({
  groups: z.array(z.string()),
  /** By JSON Pointer (RFC 6901), as `Arrival` has them. */
  claims: z.record(z.string(), z.array(z.string())),
});
export type Known = z.infer<typeof Known>;

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
  /** Absent in rows from before roles were computed, and where nothing is known any more. */
  known: Known.optional(),
  /** When that was said (ms since the epoch). */
  knownAt: z.number().optional(),
  /** When its groups were told (ms), where that was earlier. */
  groupsAt: z.number().optional(),
  /** When some claim that still counts was told (ms), where that was earlier. */
  claimsAt: z.number().optional(),
});
export type Identity = z.infer<typeof Identity>;
