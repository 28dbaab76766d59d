import { authenticateScim } from './flows/authenticate-scim.ts';
import { addGroup, listGroups, patchProvisionedGroup, readProvisionedGroup, removeGroup, replaceGroup } from './flows/provision-groups.ts';
import { addUser, listUsers, patchProvisionedUser, readProvisionedUser, removeUser, replaceUser } from './flows/provision-users.ts';
import { openTurns } from './flows/steps/in-turn.ts';
import type { ScimFlows } from './http/scim/flows.ts';

export type ProvisioningParts = Parameters<typeof authenticateScim>[0] &
  Omit<Parameters<typeof addGroup>[0], 'inTurn'> &
  Parameters<typeof addUser>[0];

/** What identity providers do when they provision. */
export function openProvisioning(parts: ProvisioningParts): ScimFlows {
  const withTurns = { ...parts, inTurn: openTurns() };
  return {
    authenticateScim: authenticateScim(parts),
    listUsers: listUsers(parts),
    readProvisionedUser: readProvisionedUser(parts),
    addUser: addUser(parts),
    replaceUser: replaceUser(parts),
    patchProvisionedUser: patchProvisionedUser(parts),
    removeUser: removeUser(parts),
    listGroups: listGroups(withTurns),
    readProvisionedGroup: readProvisionedGroup(withTurns),
    addGroup: addGroup(withTurns),
    replaceGroup: replaceGroup(withTurns),
    patchProvisionedGroup: patchProvisionedGroup(withTurns),
    removeGroup: removeGroup(withTurns),
  };
}
