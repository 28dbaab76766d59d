import type { UserId } from '../domain/ids.ts';
import { isRaised } from '../domain/local-evidence.ts';
import type { Grants } from '../ports/grants.ts';
import type { SecondFactors } from '../ports/second-factors.ts';
import type { EndDependencies } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';

export interface ResetDependencies extends EndDependencies {
  readonly secondFactors: Pick<SecondFactors, 'get' | 'remove'>;
  readonly grants: Pick<Grants, 'end' | 'ofUser'>;
}

export interface FactorReset {
  /** False when the person had none, or another run was first. */
  readonly removed: boolean;
  /** Grants that ended because the factor stood behind them. */
  readonly ended: number;
}

/** Takes a person's second factor of ours away, and with it every grant that was given on it. A run that was cut off is finished by the next. */
export const resetFactor = (dependencies: ResetDependencies) => {
  const { secondFactors, grants, audit } = dependencies;
  const end = endGrant(dependencies);
  return async (userId: UserId): Promise<FactorReset> => {
    if ((await secondFactors.get(userId)) !== null) await audit.append({ userId, event: 'factor.reset', rule: 'reset by an operator' });
    const removed = await secondFactors.remove(userId);
    const raised = (await grants.ofUser(userId)).filter((grant) => grant.stage !== 'ended' && isRaised(grant.assurance));
    const ended = await Promise.all(raised.map((grant) => end(grant, 'the second factor was reset')));
    return { removed, ended: ended.filter(Boolean).length };
  };
};
