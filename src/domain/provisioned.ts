import { z } from 'zod';
import { ConnectionId } from './ids.ts';

const text = z.string().min(1).max(1000);

/** A name that others are told apart by. */
const name = z
  .string()
  .min(1)
  .max(320)
  .regex(/^[^\p{Cc}]+$/u);

/** What is kept of a person, for display. */
const PersonAttributes = z.object({
  displayName: text.optional(),
  title: text.optional(),
  name: z.object({ formatted: text.optional(), givenName: text.optional(), familyName: text.optional() }).optional(),
  emails: z
    .array(z.object({ value: z.string().min(1).max(320), type: z.string().max(40).optional(), primary: z.boolean().optional() }))
    .max(20)
    .optional(),
});

/** A person as an identity provider provisions them. RFC 7643 §4.1. */
export const ScimUser = PersonAttributes.extend({ userName: name, externalId: name.optional(), active: z.boolean() });
export type ScimUser = z.infer<typeof ScimUser>;

/** RFC 7643 §4.2. */
export const ScimGroup = z.object({ displayName: name, externalId: name.optional() });
export type ScimGroup = z.infer<typeof ScimGroup>;

/** A group somebody is in, as their own row says it. */
export const HeldGroup = z.object({ id: z.string(), displayName: z.string(), externalId: z.string().optional() });
export type HeldGroup = z.infer<typeof HeldGroup>;

/** A provisioned person, found by the sign-in they will come with: never by a name or an address. */
export const ProvisionedUser = z.object({
  /** Ours, opaque; nothing the identity provider chooses becomes an id. */
  id: z.string(),
  connectionId: ConnectionId,
  userName: z.string(),
  /** Connection and userName without case: unique. */
  userNameKey: z.string(),
  externalId: z.string().optional(),
  /** `identityKey` of the sign-in that `externalId` names; unique, absent without one. */
  identityId: z.string().optional(),
  active: z.boolean(),
  attributes: PersonAttributes,
  /** Written from the membership rows after each change of them. */
  groups: z.array(HeldGroup),
  version: z.number(),
  createdAt: z.number(),
  changedAt: z.number(),
});
export type ProvisionedUser = z.infer<typeof ProvisionedUser>;

export const ProvisionedGroup = ScimGroup.extend({
  id: z.string(),
  connectionId: ConnectionId,
  /** Connection and displayName without case: unique. */
  nameKey: z.string(),
  version: z.number(),
  /** Its members are being moved, and nobody else moves them until then (ms). Still there after that was cut off. */
  movingUntil: z.number().optional(),
  createdAt: z.number(),
  changedAt: z.number(),
});
export type ProvisionedGroup = z.infer<typeof ProvisionedGroup>;

/** That a person is in a group. */
export const ProvisionedMember = z.object({
  /** `group:user` */
  id: z.string(),
  groupId: z.string(),
  userId: z.string(),
  /** What the person's own row may not say yet; absent once it does. Whoever is leaving counts as gone. */
  pending: z.enum(['join', 'leave']).optional(),
});
export type ProvisionedMember = z.infer<typeof ProvisionedMember>;

/** What an identity provider proves itself with. */
export const ScimToken = z.object({
  /** The digest of the token, which itself is kept nowhere. */
  id: z.string(),
  connectionId: ConnectionId,
  createdAt: z.number(),
  /** When it was used last, to within an hour. */
  lastUsedAt: z.number().optional(),
});
export type ScimToken = z.infer<typeof ScimToken>;

/** So that a new one can be in place before the old one goes. */
export const mostTokens = 2;

/** How people of a connection are provisioned, and by what sign-in each is found. */
export interface Provisioning {
  readonly issuer: string;
  /** What stands before `externalId` in the subject of a sign-in. */
  readonly subjectPrefix: string;
  /** Whether somebody who was not provisioned stays outside. */
  readonly isRequired: boolean;
}

/** What a group is called in rules: by its name and by the id its directory has for it. */
export const groupNames = ({ displayName, externalId }: Pick<HeldGroup, 'displayName' | 'externalId'>): string[] =>
  externalId === undefined ? [displayName] : [displayName, externalId];

/** The groups of somebody who may come in as far as provisioning goes, beside those in their token; null for who may not. */
export function provisionedGroups(user: ProvisionedUser | null, { isRequired }: Provisioning): string[] | null {
  if (user === null) return isRequired ? null : [];
  return user.active ? user.groups.flatMap(groupNames) : null;
}
