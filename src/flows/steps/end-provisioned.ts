import type { ConnectionId } from '../../domain/ids.ts';
import type { Users } from '../../ports/users.ts';
import type { EndSessionDependencies } from './end-session.ts';
import { endSession } from './end-session.ts';

export interface EndProvisionedDependencies extends EndSessionDependencies {
  readonly users: Pick<Users, 'identity'>;
}

/** Ends whatever came of the sign-ins of one provisioned person, however it was dated: nobody comes in with them while they are not active. */
export const endProvisioned = (dependencies: EndProvisionedDependencies) => {
  const end = endSession(dependencies);
  return async (connectionId: ConnectionId, identityId: string | undefined, because: string): Promise<number> => {
    const userId = identityId === undefined ? null : ((await dependencies.users.identity(identityId))?.userId ?? null);
    return end({ connectionId, userId, sidKey: null, until: Number.POSITIVE_INFINITY }, because);
  };
};
