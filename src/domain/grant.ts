import { z } from 'zod';
import { Assurance } from './assurance.ts';
import { clockSkew } from './clock-skew.ts';
import { ConnectionId, GrantId, TenantId, UserId } from './ids.ts';

/** Five minutes to redeem a code. RFC 6749 §4.1.2 recommends at most ten. */
export const codeLifetime = 5 * 60_000;

/** How many rotations inside one grace window are remembered; beyond it the token is handed out again instead of rotated. */
const rememberedRotations = 64;

/**
 * What one user let one client do with one resource in one tenant: the root of a token family and the single row that decides
 * liveness. Times are ms since the epoch.
 */
export const Grant = z.object({
  id: GrantId,
  /** `coded`: a code is out. `live`: it was redeemed. `ended`: nothing of it works any more. */
  stage: z.enum(['coded', 'live', 'ended']),
  userId: UserId,
  tenantId: TenantId,
  connectionId: ConnectionId,
  client_id: z.string(),
  client_name: z.string(),
  /** SHA-256 of the client_id: what the row is found by. */
  clientKey: z.string(),
  /** Resource identifier: the one audience. */
  resource: z.string(),
  /** What the person approved; tokens carry at most this. */
  scope: z.array(z.string()),
  /** What the client asked for, known to us or not: asking for it again at a refresh is no attempt to widen. */
  asked: z.array(z.string()),
  offlineAccess: z.boolean(),
  redirect_uri: z.string(),
  code_challenge: z.string(),
  assurance: Assurance,
  /** Whose sign-in it came from, by `identityKey`; absent in rows of before. */
  identityId: z.string().optional(),
  /** The upstream session of that sign-in; absent when the upstream named none. */
  sidKey: z.string().optional(),
  /** The refresh token that is good now. */
  generation: z.number(),
  /** When each of the latest generations was replaced, newest first. */
  rotations: z.array(z.number()),
  createdAt: z.number(),
  /** When the first tokens were on their way; absent until then. */
  answeredAt: z.number().optional(),
  usedAt: z.number(),
  /** End of the grant if it is not used again; absent until its code is redeemed. */
  idleEndsAt: z.number().optional(),
  /** End of the code, or when the row may go. */
  expiresAt: z.number(),
  /** End of the grant however much it is used; null without a cap. */
  absoluteExpiresAt: z.number().nullable(),
  endedBecause: z.string().optional(),
});
export type Grant = z.infer<typeof Grant>;

export function isLive(grant: Grant, now: number): boolean {
  return (
    grant.stage === 'live' &&
    now < (grant.idleEndsAt ?? grant.expiresAt) &&
    (grant.absoluteExpiresAt === null || now < grant.absoluteExpiresAt)
  );
}

/**
 * When a grant that is used now ends if it is not used again, and when its row may go: up to a hundredth of that time later, so that
 * uses close together leave the index of ends as it is. Times in ms.
 */
export function idleFrom(now: number, idle: number): { readonly idleEndsAt: number; readonly expiresAt: number } {
  const step = Math.max(1, Math.floor(idle / 100));
  const idleEndsAt = now + idle;
  return { idleEndsAt, expiresAt: Math.ceil(idleEndsAt / step) * step };
}

/** A code is good until its end, and not before it was made: a clock that stepped back makes none of them live longer. */
export function isFreshCode(grant: Grant, now: number): boolean {
  return now < grant.expiresAt && now >= grant.createdAt - clockSkew;
}

/**
 * A redeemed code that is shown again after its tokens were handed out is a replay. One that was on its way before was sent twice,
 * and whoever got the tokens keeps them. RFC 6749 §4.1.2.
 */
export function isReplay(grant: Grant, shownAt: number): boolean {
  return grant.stage === 'live' && grant.answeredAt !== undefined && shownAt > grant.answeredAt;
}

/** `rotate`: it is the current one. `repeat`: it was current a moment ago, so the same successor is due. `stolen`: it was replaced before the grace window. */
export type RefreshVerdict =
  | { readonly verdict: 'rotate'; readonly generation: number; readonly rotations: number[] }
  | { readonly verdict: 'repeat'; readonly generation: number }
  | { readonly verdict: 'stolen' }
  | { readonly verdict: 'unknown' };

/**
 * Judges a refresh token by its generation. Everyone who presents generation g inside the grace window, measured from the moment g
 * was replaced, gets g + 1, so a lost reply or parallel refreshes strand nobody; after it, presenting g is theft. RFC 9700 §4.14.2.
 */
export function judgeRefresh(grant: Grant, generation: number, now: number, grace: number): RefreshVerdict {
  if (generation === grant.generation) {
    // Cut, not filtered: a place in the list says whose time it is, also when the clock has stepped back.
    const old = grant.rotations.findIndex((at) => now - at > grace);
    const recent = old === -1 ? grant.rotations : grant.rotations.slice(0, old);
    if (recent.length >= rememberedRotations) return { verdict: 'repeat', generation };
    return { verdict: 'rotate', generation: generation + 1, rotations: [now, ...recent] };
  }
  if (generation > grant.generation || generation < 1) return { verdict: 'unknown' };
  const replacedAt = grant.rotations[grant.generation - 1 - generation];
  if (replacedAt === undefined || now - replacedAt > grace) return { verdict: 'stolen' };
  return { verdict: 'repeat', generation: generation + 1 };
}
