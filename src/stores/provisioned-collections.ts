import { ProvisionedGroup, ProvisionedMember, ProvisionedUser, ScimToken } from '../domain/provisioned.ts';
import { declare } from './collection.ts';

export const provisionedUsers = declare({
  name: 'provisioned_users',
  unique: ['userNameKey', 'identityId'],
  indexes: ['connectionId'],
  expires: null,
  shape: ProvisionedUser,
  describe: 'A person as an identity provider provisions them (`provisioning` of a connection): whether they are active, and their groups.',
});

export const provisionedGroups = declare({
  name: 'provisioned_groups',
  unique: ['nameKey'],
  indexes: ['connectionId'],
  expires: null,
  shape: ProvisionedGroup,
  describe: 'A group as an identity provider provisions it.',
});

export const provisionedMembers = declare({
  name: 'provisioned_members',
  unique: [],
  indexes: ['groupId', 'userId'],
  expires: null,
  shape: ProvisionedMember,
  describe: 'That a provisioned person is in a provisioned group.',
});

export const scimTokens = declare({
  name: 'scim_tokens',
  unique: [],
  indexes: ['connectionId'],
  expires: null,
  shape: ScimToken,
  describe: 'What an identity provider proves itself with when it provisions: the digest of the token, and when it was last used.',
});

export const provisionedCollections = [provisionedUsers, provisionedGroups, provisionedMembers, scimTokens];
