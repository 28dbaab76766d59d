import type { Directory } from '../../domain/directory.ts';
import { findConnection } from '../../domain/directory.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { provisionedGroups } from '../../domain/provisioned.ts';
import type { ProvisionedUsers } from '../../ports/provisioned-users.ts';

export interface ProvisionedGroupsDependencies {
  readonly directory: Directory;
  readonly provisionedUsers: Pick<ProvisionedUsers, 'byIdentity'>;
}

/** The groups that an identity provider has put somebody in beforehand, by the `identityKey` of their sign-in; null for who stays outside or came by a connection that is no longer there, none where nobody is provisioned. */
export const provisionedGroupsOf =
  ({ directory, provisionedUsers }: ProvisionedGroupsDependencies) =>
  async (connectionId: ConnectionId, identityId: string): Promise<readonly string[] | null> => {
    const connection = findConnection(directory, connectionId);
    if (connection?.provisioning === undefined) return connection === null ? null : [];
    return provisionedGroups(await provisionedUsers.byIdentity(identityId), connection.provisioning);
  };
