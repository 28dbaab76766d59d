import { z } from 'zod';
import type { Assurance } from './assurance.ts';
import { sameText, sha256 } from './digest.ts';
import { UserId } from './ids.ts';
import type { Person } from './person.ts';

/** Our own second factor of one person: an authenticator app and recovery codes. Times are ms since the epoch. */
export const SecondFactor = z.object({
  id: UserId,
  /** Another one at each enrolment: what a sign-in was raised by. */
  enrolment: z.string(),
  /** Counts changes: a writer names the version it read, so of two at once one wins. */
  version: z.number(),
  /** The app's secret, sealed. */
  sealed: z.string(),
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

type Change = Pick<SecondFactor, 'version' | 'lastStep' | 'recovery' | 'failures' | 'lockedUntil'>;

/** What an answer comes to; `change` has to be written over the version that was judged, or the verdict is void. */
export type FactorVerdict =
  | { readonly verdict: 'locked' }
  | { readonly verdict: 'wrong'; readonly change: Change }
  | { readonly verdict: 'right'; readonly by: LocalMethod; readonly change: Change };

/** Every step is compared, so that the time it takes does not tell which was near. */
export function matchingStep(typed: string, codeAt: (step: number) => string, now: number): number | null {
  const matches = drift.map((offset) => stepAt(now) + offset).filter((step) => sameText(bare(typed), codeAt(step)));
  return matches.at(-1) ?? null;
}

/** Judges what somebody typed: the app's code of now or next to now, once each, or a recovery code. RFC 6238 §5.2. */
export function judgeAnswer(factor: SecondFactor, typed: string, codeAt: (step: number) => string, now: number): FactorVerdict {
  const { version, lastStep, recovery } = factor;
  if (now < factor.lockedUntil) return { verdict: 'locked' };
  const base = { version: version + 1, lastStep, recovery, failures: 0, lockedUntil: 0 };
  const step = matchingStep(typed, codeAt, now);
  if (step !== null && step > lastStep) return { verdict: 'right', by: 'totp', change: { ...base, lastStep: step } };
  const digest = recoveryDigest(typed);
  const left = recovery.filter((kept) => !sameText(kept, digest));
  if (left.length < recovery.length) return { verdict: 'right', by: 'recovery code', change: { ...base, recovery: left } };
  const failures = factor.failures + 1;
  return { verdict: 'wrong', change: { ...base, failures, lockedUntil: now + lockAfter(failures) } };
}

const methods = ['totp', 'recovery code'] as const;
export type LocalMethod = (typeof methods)[number];
const evidenceOf = (method: LocalMethod): string => `local ${method}`;
/** Whether our own factor stands behind it. */
export const isRaised = ({ evidence }: Pick<Assurance, 'evidence'>): boolean =>
  methods.some((method) => evidence.includes(evidenceOf(method)));

/**
 * A sign-in with our own factor on top: a second factor, and nothing that could not be phished. When the person signed in stays what the
 * upstream said; only where it did not say is it the moment of our factor.
 */
export function raise(assurance: Assurance, method: LocalMethod, now: number): Assurance {
  const known = assurance.auth_time !== null;
  return {
    ...assurance,
    auth_time: known ? assurance.auth_time : Math.floor(now / 1000),
    authTimeSource: known ? assurance.authTimeSource : 'local_factor',
    amr: method === 'totp' ? [...new Set([...assurance.amr, 'otp'])].sort() : assurance.amr,
    mfa: true,
    evidence: [...assurance.evidence.filter((value) => value !== evidenceOf(method)), evidenceOf(method)],
  };
}

/** What our own factor proved in this transaction, and that the person signed in afresh, also after another trip to the upstream. */
export function keepOurs(before: Person | null, person: Person): Person {
  if (before === null) return person;
  const afresh = person.afresh ?? before.afresh;
  const kept = afresh === undefined ? person : { ...person, afresh };
  if (before.ownFactor === undefined) return kept;
  const { assurance, ownFactor } = before;
  const [method] = methods.filter((each) => assurance.evidence.includes(evidenceOf(each)));
  if (method === undefined) return kept;
  const { auth_time, authTimeSource } = assurance;
  const when = kept.assurance.auth_time === null ? { auth_time, authTimeSource } : {};
  return { ...kept, ownFactor, assurance: { ...raise(kept.assurance, method, 0), ...when } };
}

/** How long ago somebody may have signed in who enrols, in seconds: a session left open is not enough to make a factor. */
export const enrolWithin = 600;

/** Whether the sign-in is recent enough to enrol on. Where the upstream does not say when, that it answered when asked for a fresh one. */
export function isFresh({ assurance: { auth_time, authTimeSource }, afresh }: Person, now: number): boolean {
  if (auth_time === null || authTimeSource === 'local_factor') return afresh === 'answered';
  return Math.abs(now / 1000 - auth_time) <= enrolWithin;
}
