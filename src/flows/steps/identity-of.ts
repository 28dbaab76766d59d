import type { Grant } from '../../domain/grant.ts';
import type { Identity } from '../../domain/user.ts';
import type { Users } from '../../ports/users.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';
import { provisionedGroupsOf } from './provisioned-groups.ts';

export interface IdentityDependencies extends ProvisionedGroupsDependencies {
  readonly users: Pick<Users, 'identity' | 'identitiesOf'>;
}

/**
 * The sign-in that somebody came by, as long as it is theirs and its connection does not say that they are not to come in; a row of before
 * names only the connection. The groups they were put in beforehand count as if the connection had just named them.
 */
export const identityOf =
  (dependencies: IdentityDependencies) =>
  async ({ identityId, userId, connectionId }: Pick<Grant, 'identityId' | 'userId' | 'connectionId'>): Promise<Identity | null> => {
    const { users } = dependencies;
    const identity =
      identityId === undefined
        ? (await users.identitiesOf(userId)).find((each) => each.connectionId === connectionId)
        : await users.identity(identityId);
    if (identity?.userId !== userId) return null;
    const groups = await provisionedGroupsOf(dependencies)(identity.connectionId, identity.id);
    return groups === null ? null : withGroups(identity, groups);
  };

/** An identity with more groups. Of one from before roles were computed nothing is known, and its row stands. */
export function withGroups(identity: Identity, groups: readonly string[]): Identity {
  const { known } = identity;
  if (known === undefined || groups.length === 0) return identity;
  return { ...identity, known: { ...known, groups: [...new Set([...known.groups, ...groups])] } };
}
