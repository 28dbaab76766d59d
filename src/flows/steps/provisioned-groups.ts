import type { Directory } from '../../domain/directory.ts';
import { findConnection } from '../../domain/directory.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { provisionedGroups } from '../../domain/provisioned.ts';
import type { ProvisionedUsers } from '../../ports/provisioned-users.ts';

export interface ProvisionedGroupsDependencies {
  readonly directory: Directory;
  readonly provisionedUsers: Pick<ProvisionedUsers, 'byIdentity'>;
}

/** The groups that an identity provider has put somebody in beforehand, by the `identityKey` of their sign-in; null for who stays outside, none where nobody is provisioned. */
export const provisionedGroupsOf =
  ({ directory, provisionedUsers }: ProvisionedGroupsDependencies) =>
  async (connectionId: ConnectionId, identityId: string): Promise<readonly string[] | null> => {
    const provisioning = findConnection(directory, connectionId)?.provisioning;
    return provisioning === undefined ? [] : provisionedGroups(await provisionedUsers.byIdentity(identityId), provisioning);
  };
