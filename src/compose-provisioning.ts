import { authenticateScim } from './flows/authenticate-scim.ts';
import { addGroup, listGroups, patchProvisionedGroup, readProvisionedGroup, removeGroup, replaceGroup } from './flows/provision-groups.ts';
import { addUser, listUsers, patchProvisionedUser, readProvisionedUser, removeUser, replaceUser } from './flows/provision-users.ts';
import type { ScimFlows } from './http/scim/flows.ts';

export type ProvisioningParts = Parameters<typeof authenticateScim>[0] & Parameters<typeof addGroup>[0] & Parameters<typeof addUser>[0];

/** What identity providers do when they provision. */
export const openProvisioning = (parts: ProvisioningParts): ScimFlows => ({
  authenticateScim: authenticateScim(parts),
  listUsers: listUsers(parts),
  readProvisionedUser: readProvisionedUser(parts),
  addUser: addUser(parts),
  replaceUser: replaceUser(parts),
  patchProvisionedUser: patchProvisionedUser(parts),
  removeUser: removeUser(parts),
  listGroups: listGroups(parts),
  readProvisionedGroup: readProvisionedGroup(parts),
  addGroup: addGroup(parts),
  replaceGroup: replaceGroup(parts),
  patchProvisionedGroup: patchProvisionedGroup(parts),
  removeGroup: removeGroup(parts),
});
