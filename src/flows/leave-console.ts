import type { GrantId } from '../domain/ids.ts';
import type { Grants } from '../ports/grants.ts';
import type { EndDependencies } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';

export interface LeaveDependencies extends EndDependencies {
  readonly grants: Pick<Grants, 'get' | 'end'>;
}

/** Ends what an administrator was signed in by: nobody who kept the cookie can use it any more. */
export const leaveConsole = (dependencies: LeaveDependencies) => {
  const end = endGrant(dependencies);
  return async (grantId: GrantId): Promise<void> => {
    const grant = await dependencies.grants.get(grantId);
    if (grant !== null) await end(grant, 'the administrator signed out');
  };
};
