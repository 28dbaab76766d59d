import { isLive } from '../domain/grant.ts';
import type { GrantId } from '../domain/ids.ts';
import type { Grants } from '../ports/grants.ts';
import type { Presence } from './steps/session-stands.ts';
import type { StillThereDependencies } from './steps/still-there.ts';
import { stillThere } from './steps/still-there.ts';

export interface AskAfterDependencies extends StillThereDependencies {
  readonly grants: StillThereDependencies['grants'] & Pick<Grants, 'get'>;
}

/** Whether the person behind a grant is still there, for whoever goes by the grant itself and renews no token. */
export const askAfter = (dependencies: AskAfterDependencies) => {
  const { grants, clock } = dependencies;
  const present = stillThere(dependencies);
  return async (grantId: GrantId): Promise<Presence> => {
    const grant = await grants.get(grantId);
    return grant === null || !isLive(grant, clock.now()) ? 'gone' : present(grant);
  };
};
