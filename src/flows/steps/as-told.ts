import type { Identity } from '../../domain/user.ts';
import { withGroups } from './identity-of.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';
import { provisionedGroupsOf } from './provisioned-groups.ts';

/** A sign-in with the groups its person was put in beforehand; null while its connection says that they are not to come in. */
export const asTold =
  (dependencies: ProvisionedGroupsDependencies) =>
  async (identity: Identity): Promise<Identity | null> => {
    const groups = await provisionedGroupsOf(dependencies)(identity.connectionId, identity.id);
    return groups === null ? null : withGroups(identity, groups);
  };

/** Those of several that may come in. */
export const allAsTold =
  (dependencies: ProvisionedGroupsDependencies) =>
  async (identities: readonly Identity[]): Promise<Identity[]> => {
    const told = await Promise.all(identities.map(asTold(dependencies)));
    return told.filter((identity) => identity !== null);
  };
