import type { Assurance } from './assurance.ts';
import type { Person } from './person.ts';

const methods = ['totp', 'recovery code', 'passkey'] as const;
/** The ways of our own second factor. */
export type LocalMethod = (typeof methods)[number];
/** RFC 8176 §2. A passkey proves a key and says not where that is: synced ones are no hardware. */
const words: Readonly<Record<LocalMethod, readonly string[]>> = { totp: ['otp'], 'recovery code': [], passkey: ['pop'] };
const evidenceOf = (method: LocalMethod): string => `local ${method}`;
/** Whether our own factor stands behind it. */
export const isRaised = ({ evidence }: Pick<Assurance, 'evidence'>): boolean =>
  methods.some((method) => evidence.includes(evidenceOf(method)));

/**
 * A sign-in with our own factor on top: a second factor, and only by a passkey one that nobody in between could have copied. When the
 * person signed in stays what the upstream said; only where it did not say is it the moment of our factor.
 */
export function raise(assurance: Assurance, method: LocalMethod, now: number): Assurance {
  const known = assurance.auth_time !== null;
  return {
    ...assurance,
    auth_time: known ? assurance.auth_time : Math.floor(now / 1000),
    authTimeSource: known ? assurance.authTimeSource : 'local_factor',
    amr: [...new Set([...assurance.amr, ...words[method]])].sort(),
    mfa: true,
    phishingResistant: assurance.phishingResistant || method === 'passkey',
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
  const proven = methods.filter((each) => assurance.evidence.includes(evidenceOf(each)));
  if (proven.length === 0) return kept;
  const { auth_time, authTimeSource } = assurance;
  const when = kept.assurance.auth_time === null ? { auth_time, authTimeSource } : {};
  const raised = proven.reduce((below, method) => raise(below, method, 0), kept.assurance);
  return { ...kept, ownFactor, assurance: { ...raised, ...when } };
}

/** How long ago somebody may have signed in who enrols, in seconds: a session left open is not enough to make a factor. */
export const enrolWithin = 600;

/** Whether the upstream itself says that the sign-in is recent: that it was asked to have one made is no proof. */
export const isProvenFresh = ({ assurance: { auth_time, authTimeSource } }: Person, now: number): boolean =>
  auth_time !== null && authTimeSource !== 'local_factor' && Math.abs(now / 1000 - auth_time) <= enrolWithin;

/** Whether the sign-in is recent enough to enrol on. Where the upstream does not say when, that it answered when asked for a fresh one. */
export function isFresh(person: Person, now: number): boolean {
  const { auth_time, authTimeSource } = person.assurance;
  if (auth_time === null || authTimeSource === 'local_factor') return person.afresh === 'answered';
  return isProvenFresh(person, now);
}
