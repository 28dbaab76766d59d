import type { Assurance } from '../../src/domain/assurance.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import type { ProofWanted } from '../../src/domain/next-step.ts';

/** A sign-in of which the upstream said nothing more. */
export const nothingProven: Assurance = assuranceFrom({}, { acr: [], amr: [] });

/** A trip for a second factor, without which the person cannot go on. */
export const secondFactor: ProofWanted = { demand: { ...noDemand, mfa: true }, afresh: false, optional: false };
