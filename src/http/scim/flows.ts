import type { authenticateScim } from '../../flows/authenticate-scim.ts';
import type {
  addGroup,
  listGroups,
  patchProvisionedGroup,
  readProvisionedGroup,
  removeGroup,
  replaceGroup,
} from '../../flows/provision-groups.ts';
import type {
  addUser,
  listUsers,
  patchProvisionedUser,
  readProvisionedUser,
  removeUser,
  replaceUser,
} from '../../flows/provision-users.ts';

/** Every flow of provisioning with its dependencies filled in. */
export interface ScimFlows {
  readonly authenticateScim: ReturnType<typeof authenticateScim>;
  readonly listUsers: ReturnType<typeof listUsers>;
  readonly readProvisionedUser: ReturnType<typeof readProvisionedUser>;
  readonly addUser: ReturnType<typeof addUser>;
  readonly replaceUser: ReturnType<typeof replaceUser>;
  readonly patchProvisionedUser: ReturnType<typeof patchProvisionedUser>;
  readonly removeUser: ReturnType<typeof removeUser>;
  readonly listGroups: ReturnType<typeof listGroups>;
  readonly readProvisionedGroup: ReturnType<typeof readProvisionedGroup>;
  readonly addGroup: ReturnType<typeof addGroup>;
  readonly replaceGroup: ReturnType<typeof replaceGroup>;
  readonly patchProvisionedGroup: ReturnType<typeof patchProvisionedGroup>;
  readonly removeGroup: ReturnType<typeof removeGroup>;
}
