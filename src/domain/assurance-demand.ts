import { z } from 'zod';
import type { Assurance } from './assurance.ts';

/** What has to be proven before something is allowed. */
export const AssuranceDemand = z.object({
  mfa: z.boolean(),
  /** The step above a second factor, so it asks for one too. */
  phishingResistant: z.boolean().default(false),
  /** How many seconds ago the person may have authenticated at most; null when it does not matter. */
  maxAge: z.number().nullable().default(null),
});
export type AssuranceDemand = z.infer<typeof AssuranceDemand>;

/** What a sign-in alone satisfies. */
export const noDemand: AssuranceDemand = { mfa: false, phishingResistant: false, maxAge: null };

/** One demand that is met exactly when each of these is. */
export function strictest(...demands: readonly (AssuranceDemand | undefined)[]): AssuranceDemand {
  const all = demands.filter((demand) => demand !== undefined);
  const ages = all.map(({ maxAge }) => maxAge).filter((maxAge) => maxAge !== null);
  return {
    mfa: all.some(({ mfa }) => mfa),
    phishingResistant: all.some(({ phishingResistant }) => phishingResistant),
    maxAge: ages.length === 0 ? null : Math.min(...ages),
  };
}

/** One thing a sign-in did not prove. */
export type Lack = 'second factor' | 'phishing-resistant sign-in' | 'recent sign-in';

/** What a sign-in lacks of a demand, the most basic first; empty when it is met. What is not known is not proven. `now` in ms since the epoch. */
export function shortfall(assurance: Assurance, demand: AssuranceDemand, now: number): Lack[] {
  const { mfa, phishingResistant, maxAge } = demand;
  const lacks: Lack[] = [];
  if ((mfa || phishingResistant) && !assurance.mfa) lacks.push('second factor');
  if (phishingResistant && !assurance.phishingResistant) lacks.push('phishing-resistant sign-in');
  if (maxAge !== null && (assurance.auth_time === null || now / 1000 - assurance.auth_time > maxAge)) lacks.push('recent sign-in');
  return lacks;
}

export function satisfies(assurance: Assurance, demand: AssuranceDemand, now: number): boolean {
  return shortfall(assurance, demand, now).length === 0;
}

/** Whether asking for the one asks for everything in the other. */
export function includes(asked: AssuranceDemand, demand: AssuranceDemand): boolean {
  return (
    (asked.mfa || asked.phishingResistant || !(demand.mfa || demand.phishingResistant)) &&
    (asked.phishingResistant || !demand.phishingResistant) &&
    (demand.maxAge === null || (asked.maxAge !== null && asked.maxAge <= demand.maxAge))
  );
}
