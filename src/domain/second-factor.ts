import { z } from 'zod';
import { sameText, sha256 } from './digest.ts';
import { UserId } from './ids.ts';
import type { LocalMethod } from './local-evidence.ts';
import type { OwnWay } from './own-ask.ts';
import { Passkey, wentBack } from './passkey.ts';
import type { PasskeyFault, UsedPasskey } from './passkey.ts';

/** Our own second factor of one person: an authenticator app, passkeys or both, and recovery codes. Times are ms since the epoch. */
export const SecondFactor = z.object({
  id: UserId,
  /** Another one at each enrolment: what a sign-in was raised by. */
  enrolment: z.string(),
  /** Counts changes: a writer names the version it read, so of two at once one wins. */
  version: z.number(),
  /** The app's secret, sealed; not there without an app. */
  sealed: z.string().optional(),
  passkeys: z.array(Passkey).default([]),
  /** The latest time step whose code was accepted: neither it nor an earlier one is again. RFC 6238 §5.2. */
  lastStep: z.number(),
  /** SHA-256 of each recovery code that is left. */
  recovery: z.array(z.string()),
  /** Wrong answers since the last right one. */
  failures: z.number(),
  /** Until then nothing is judged. */
  lockedUntil: z.number(),
  enrolledAt: z.number(),
});
export type SecondFactor = z.infer<typeof SecondFactor>;

/** What somebody has of it. */
export const holdingsOf = ({ sealed, passkeys }: SecondFactor): OwnWay[] => [
  ...(sealed === undefined ? [] : ['app' as const]),
  ...(passkeys.length === 0 ? [] : ['passkey' as const]),
];

/** What is shown while somebody enrols, before anything of it counts; kept sealed with the transaction. */
export const Enrolment = z.object({
  id: z.string(),
  /** As authenticator apps take it: base32. */
  secret: z.string(),
  codes: z.array(z.string()),
});
export type Enrolment = z.infer<typeof Enrolment>;

/** Seconds a code stands for. RFC 6238 §4.1. */
const period = 30;
export const stepAt = (now: number): number => Math.floor(now / 1000 / period);

/** A phone's clock may be a step behind or ahead of ours. RFC 6238 §6. */
const drift = [-1, 0, 1];

const free = 5;
const shortestLock = 60_000;
const longestLock = 3_600_000;

/** How long nothing is judged after so many wrong answers in a row: from the fifth on a minute, each time twice as long, at most an hour. */
const lockAfter = (failures: number): number => (failures < free ? 0 : Math.min(longestLock, shortestLock * 2 ** (failures - free)));

const letters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
export const recoveryCodeBytes = 16;
export const recoveryCodeCount = 10;

/** Eighty bits in four groups, without letters that look like others. */
export function recoveryCodeFrom(bytes: Uint8Array): string {
  const text = [...bytes.subarray(0, recoveryCodeBytes)].map((byte) => letters[byte % letters.length] ?? '').join('');
  return text.replace(/(.{4})(?!$)/g, '$1-');
}

/** However it was typed. */
const bare = (typed: string): string => typed.replace(/[\s\u2010-\u2015-]/g, '').toUpperCase();

/** What a recovery code is kept and found by. */
export const recoveryDigest = (code: string): string => sha256(`recovery ${bare(code)}`);

/** What an answer changes; passkeys only where it was one of them. */
export type FactorChange = Pick<SecondFactor, 'version' | 'lastStep' | 'recovery' | 'failures' | 'lockedUntil'> &
  Partial<Pick<SecondFactor, 'passkeys'>>;

/** What an answer comes to; `change` has to be written over the version that was judged, or the verdict is void. */
export type FactorVerdict =
  | { readonly verdict: 'locked' }
  | { readonly verdict: 'wrong'; readonly change: FactorChange; readonly because?: PasskeyFault }
  | { readonly verdict: 'right'; readonly by: LocalMethod; readonly change: FactorChange };

/** Every step is compared, so that the time it takes does not tell which was near. */
export function matchingStep(typed: string, codeAt: (step: number) => string, now: number): number | null {
  const matches = drift.map((offset) => stepAt(now) + offset).filter((step) => sameText(bare(typed), codeAt(step)));
  return matches.at(-1) ?? null;
}

/** As after a right answer. */
export const settled = ({ version, lastStep, recovery }: SecondFactor): FactorChange => ({
  version: version + 1,
  lastStep,
  recovery,
  failures: 0,
  lockedUntil: 0,
});

function wrong(factor: SecondFactor, now: number): Extract<FactorVerdict, { verdict: 'wrong' }> {
  const failures = factor.failures + 1;
  return { verdict: 'wrong', change: { ...settled(factor), failures, lockedUntil: now + lockAfter(failures) } };
}

/** Judges what somebody typed: the app's code of now or next to now, once each, or a recovery code. Without an app there is no `codeAt`. RFC 6238 §5.2. */
export function judgeAnswer(factor: SecondFactor, typed: string, codeAt: ((step: number) => string) | null, now: number): FactorVerdict {
  const { lastStep, recovery } = factor;
  if (now < factor.lockedUntil) return { verdict: 'locked' };
  const base = settled(factor);
  const step = codeAt === null ? null : matchingStep(typed, codeAt, now);
  if (step !== null && step > lastStep) return { verdict: 'right', by: 'totp', change: { ...base, lastStep: step } };
  const digest = recoveryDigest(typed);
  const left = recovery.filter((kept) => !sameText(kept, digest));
  if (left.length < recovery.length) return { verdict: 'right', by: 'recovery code', change: { ...base, recovery: left } };
  return wrong(factor, now);
}

/** Judges what an answer of a passkey turned out to be. WebAuthn Level 3 §7.2. */
export function judgePasskey(factor: SecondFactor, used: UsedPasskey | PasskeyFault, now: number): FactorVerdict {
  if (now < factor.lockedUntil) return { verdict: 'locked' };
  if (typeof used === 'string') return { ...wrong(factor, now), because: used };
  const { id, counter } = used;
  const kept = factor.passkeys.find((each) => each.id === id);
  if (kept === undefined) return { ...wrong(factor, now), because: 'unknown passkey' };
  if (wentBack(kept.counter, counter)) return { ...wrong(factor, now), because: 'counter went back' };
  const passkeys = factor.passkeys.map((each) => (each === kept ? { ...each, counter } : each));
  return { verdict: 'right', by: 'passkey', change: { ...settled(factor), passkeys } };
}
