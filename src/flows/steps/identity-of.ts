import type { Grant } from '../../domain/grant.ts';
import type { Identity } from '../../domain/user.ts';
import type { Users } from '../../ports/users.ts';

/** The sign-in that somebody came by, as long as it is theirs; a row of before names only the connection. */
export const identityOf =
  ({ users }: { readonly users: Pick<Users, 'identity' | 'identitiesOf'> }) =>
  async ({ identityId, userId, connectionId }: Pick<Grant, 'identityId' | 'userId' | 'connectionId'>): Promise<Identity | null> => {
    const identity =
      identityId === undefined
        ? (await users.identitiesOf(userId)).find((each) => each.connectionId === connectionId)
        : await users.identity(identityId);
    return identity?.userId === userId ? identity : null;
  };
