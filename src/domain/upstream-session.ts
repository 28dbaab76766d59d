import { z } from 'zod';
import { sha256 } from './digest.ts';
import { ConnectionId, UserId } from './ids.ts';

/** What is known of somebody's session at an upstream, apart from any grant: whether the person is still there, and how to ask. */
export const UpstreamSession = z.object({
  /** `identityKey` of whose session it is. */
  id: z.string(),
  userId: UserId,
  connectionId: ConnectionId,
  /** The upstream's refresh token, sealed; null when it gave none or said that it is over. */
  sealed: z.string().nullable(),
  /** The upstream's name for the session. OpenID Connect Back-Channel Logout §2.1. */
  sid: z.string().nullable(),
  /** False once the upstream said that it is over: nothing but another sign-in helps. */
  stands: z.boolean(),
  /** When a sign-in, or the upstream when it was asked, last showed that the person is there (ms). */
  seenAt: z.number(),
  /** Until when nobody else asks: somebody is asking, or has just asked in vain (ms). */
  askedUntil: z.number(),
  expiresAt: z.number(),
});
export type UpstreamSession = z.infer<typeof UpstreamSession>;

/** A row goes when nobody has signed in or been asked about for longer than any grant lives unused. */
export const sessionLifetime = 400 * 24 * 3_600_000;

/** How often the upstream is asked whether a person is still there, and for how long it may fail to answer. Both in ms. */
export interface RecheckPolicy {
  readonly after: number;
  readonly grace: number;
}

/** `fresh`: lately seen. `due`: the upstream has to be asked. `over`: it said so. */
export function judgeSession(session: Pick<UpstreamSession, 'stands' | 'seenAt'>, policy: RecheckPolicy, now: number) {
  if (!session.stands) return 'over';
  const age = now - session.seenAt;
  // A clock that stepped back makes nobody seen in the future.
  return age >= 0 && age < policy.after ? 'fresh' : 'due';
}

/** Whether somebody who cannot be asked about is still given the benefit of the doubt. */
export function isWithinGrace(seenAt: number, { after, grace }: RecheckPolicy, now: number): boolean {
  return Math.abs(now - seenAt) < after + grace;
}

/** What grants of one upstream session are found by. */
export const sidKey = (connectionId: ConnectionId, sid: string): string => sha256(JSON.stringify([connectionId, sid]));
