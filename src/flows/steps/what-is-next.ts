import type { Directory } from '../../domain/directory.ts';
import { findResource } from '../../domain/directory.ts';
import type { Belonging, Step } from '../../domain/next-step.ts';
import { nextStep } from '../../domain/next-step.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Resource } from '../../domain/resource.ts';
import { holdingsOf } from '../../domain/second-factor.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Passkeys } from '../../ports/passkeys.ts';
import type { SecondFactors } from '../../ports/second-factors.ts';
import type { BelongingDependencies } from './belongings.ts';
import { belongingsOf } from './belongings.ts';
import { linkFacts } from './link-facts.ts';

export interface NextDependencies extends BelongingDependencies {
  readonly directory: Directory;
  readonly secondFactors: Pick<SecondFactors, 'get'>;
  readonly passkeys: Pick<Passkeys, 'areTaken'>;
  readonly clock: Clock;
}

/** A transaction against the facts of this moment. */
export interface Next {
  readonly resource: Resource;
  readonly belongings: readonly Belonging[];
  readonly step: Step;
}

/** Gathers the facts and asks the one rule what comes next. */
export const whatIsNext =
  (dependencies: NextDependencies) =>
  async (transaction: Transaction): Promise<Next> => {
    const { directory, secondFactors, passkeys, clock } = dependencies;
    const { stage, request } = transaction;
    const resource = findResource(directory, request);
    if (resource === null) throw new PageRefusal('expired', 'the resource is no longer configured');
    const person = stage.at === 'consenting' ? stage.person : null;
    const belongings = person === null ? [] : await belongingsOf(dependencies)(person, request);
    const hasOurs = belongings.some(({ tenant }) => tenant.ownSecondFactor === true);
    const factor = person !== null && hasOurs ? await secondFactors.get(person.userId) : null;
    // One that this very transaction made and did not get to say so is confirmed once more.
    const begun = stage.at === 'consenting' ? stage.enrolment?.id : undefined;
    const own = factor === null || factor.enrolment === begun ? { isEnrolled: false } : { isEnrolled: true, holds: holdingsOf(factor) };
    const link = stage.at === 'consenting' ? await linkFacts(dependencies)(stage) : null;
    const facts = { belongings, resource, ...own, ...(link === null ? {} : { link }), takesPasskeys: passkeys.areTaken, now: clock.now() };
    return { resource, belongings, step: nextStep(transaction, facts) };
  };
