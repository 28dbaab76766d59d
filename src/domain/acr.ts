import type { Assurance } from './assurance.ts';
import type { AssuranceDemand } from './assurance-demand.ts';
import { noDemand } from './assurance-demand.ts';

const secondFactor = 'urn:drawbridge:acr:mfa';
const phishingResistant = 'urn:drawbridge:acr:phr';

/** The authentication contexts we assert and understand, each including the one before it. RFC 9470 §7. */
export const acrValuesSupported: readonly string[] = [secondFactor, phishingResistant];

/** What we ourselves assert of a sign-in, whatever word the upstream has for it; null when it proved nothing beyond itself. RFC 9068 §2.2.1. */
export function acrOf({ mfa, ...assurance }: Assurance): string | null {
  if (!mfa) return null;
  return assurance.phishingResistant ? phishingResistant : secondFactor;
}

/** What an authorization request asks for. Of several values any will do, so the least is demanded; unknown ones are ignored. RFC 9470 §4. */
export function demandOf(acr_values: string, max_age: number | null): AssuranceDemand {
  const known = acr_values.split(' ').filter((value) => acrValuesSupported.includes(value));
  return {
    ...noDemand,
    mfa: known.length > 0,
    phishingResistant: known.length > 0 && !known.includes(secondFactor),
    maxAge: max_age,
  };
}

/** The same demand in a challenge, so that asking with these parameters asks for all of it. RFC 9470 §3. */
export function challengeParameters(demand: AssuranceDemand): { readonly acr_values?: string; readonly max_age?: number } {
  const acr = demand.phishingResistant ? phishingResistant : demand.mfa ? secondFactor : null;
  return { ...(acr === null ? {} : { acr_values: acr }), ...(demand.maxAge === null ? {} : { max_age: demand.maxAge }) };
}
