import type { AuditEvent } from '../domain/audit-event.ts';
import { identityKey } from '../domain/identity.ts';
import type { ProvisionedUser, ScimUser } from '../domain/provisioned.ts';
import type { ScimPage } from '../domain/scim-documents.ts';
import type { ScimFilter } from '../domain/scim-filter.ts';
import type { ScimCondition } from '../domain/scim-condition.ts';
import { demandMeant, versionTag } from '../domain/scim-condition.ts';
import { demanded, matches } from '../domain/scim-match.ts';
import type { ScimDocument } from '../domain/scim-patch.ts';
import { nameKey, patchUser, readUser, userDocument, userFields, userResource } from '../domain/scim-user.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { ProvisionedGroups } from '../ports/provisioned-groups.ts';
import type { ProvisionedUsers } from '../ports/provisioned-users.ts';
import type { EndProvisionedDependencies } from './steps/end-provisioned.ts';
import { endProvisioned } from './steps/end-provisioned.ts';
import type { ScimCaller } from './steps/scim-caller.ts';
import { forEach, isTaken, notThere, writtenOr } from './steps/scim-caller.ts';
import { answeredPage, pageOf } from './steps/scim-list.ts';

export interface ProvisionUsersDependencies extends EndProvisionedDependencies {
  readonly provisionedUsers: ProvisionedUsers;
  readonly provisionedGroups: Pick<ProvisionedGroups, 'forget' | 'groupsOf' | 'touch'>;
  readonly audit: AuditLog;
  readonly entropy: Entropy;
  readonly clock: Clock;
}

const deactivated = 'deactivated by the identity provider';
const removed = 'removed by the identity provider';

const resourceFor = ({ base }: ScimCaller, user: ProvisionedUser): ScimDocument => userResource(user, `${base}/Users/${user.id}`);

async function ownUser(
  { provisionedUsers }: ProvisionUsersDependencies,
  { connectionId }: ScimCaller,
  id: string,
): Promise<ProvisionedUser> {
  const user = await provisionedUsers.get(id);
  if (user === null || user.connectionId !== connectionId) throw notThere();
  return user;
}

/** The record of what is about to be done; the effect follows it, or the record is made again with the next try. */
async function record(
  { audit }: ProvisionUsersDependencies,
  { connectionId }: ScimCaller,
  event: Extract<AuditEvent['event'], `person.${string}`>,
  provisionedId: string,
  rule: string,
): Promise<void> {
  await audit.append({ event, connectionId, provisionedId, rule }, 'again');
}

/** Who could be meant by a filter, without looking at everybody; null when everybody could. */
async function candidates(
  { provisionedUsers }: ProvisionUsersDependencies,
  { connectionId, provisioning: { issuer, subjectPrefix } }: ScimCaller,
  filter: ScimFilter | null,
): Promise<ProvisionedUser[] | null> {
  if (filter === null) return null;
  const [id, userName, externalId] = ['id', 'username', 'externalid'].map((name) => demanded(filter, name));
  const only = async (found: Promise<ProvisionedUser | null>) => [await found].filter((user) => user !== null);
  if (typeof id === 'string') return only(provisionedUsers.get(id));
  if (typeof userName === 'string') return only(provisionedUsers.byUserName(nameKey(connectionId, userName)));
  if (typeof externalId !== 'string') return null;
  return only(provisionedUsers.byIdentity(identityKey({ connectionId, issuer, subject: `${subjectPrefix}${externalId}` })));
}

export const listUsers =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, filter: ScimFilter | null, page: ScimPage): Promise<ScimDocument> => {
    const found = await candidates(dependencies, caller, filter);
    const isMeant = (user: ProvisionedUser) =>
      user.connectionId === caller.connectionId && (filter === null || matches(filter, resourceFor(caller, user)));
    const pages = found === null ? dependencies.provisionedUsers.ofConnection(caller.connectionId) : [found];
    return answeredPage(await pageOf(pages, isMeant, page), page, async (user) => Promise.resolve(resourceFor(caller, user)));
  };

export const readProvisionedUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, id: string): Promise<ScimDocument> =>
    resourceFor(caller, await ownUser(dependencies, caller, id));

export const addUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, body: unknown): Promise<ScimDocument> => {
    const { provisionedUsers, entropy, clock } = dependencies;
    const { connectionId, provisioning } = caller;
    const fields = userFields(readUser(body, null), connectionId, provisioning);
    const { userNameKey, identityId } = fields;
    const named = await provisionedUsers.byUserName(userNameKey);
    const signing = identityId === undefined ? null : await provisionedUsers.byIdentity(identityId);
    if (named !== null || signing !== null) throw isTaken();
    const now = clock.now();
    const user = { id: entropy.id(), connectionId, ...fields, groups: [], version: 1, createdAt: now, changedAt: now };
    await record(dependencies, caller, 'person.provisioned', user.id, `${fields.active ? 'active' : 'not active'}`);
    const written = writtenOr(await provisionedUsers.add(user)).user;
    if (!written.active) await endProvisioned(dependencies)(connectionId, identityId, deactivated);
    return resourceFor(caller, written);
  };

interface UserChange {
  readonly condition: ScimCondition;
  readonly next: (before: ProvisionedUser) => ScimUser;
  /** `claim`: the row has another version in any case. */
  readonly write?: 'change' | 'claim';
}

/** What is known of a person becomes what `next` says; who is not active afterwards has nothing left, however often that is said. */
const changeUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, id: string, { condition, next, write = 'change' }: UserChange): Promise<ProvisionedUser> => {
    const { connectionId, provisioning } = caller;
    const end = endProvisioned(dependencies);
    const before = await ownUser(dependencies, caller, id);
    demandMeant(condition, versionTag(before));
    const wanted = next(before);
    if (wanted.active && !before.active) {
      // What slipped through while they were being deactivated is not to come back with them.
      await end(connectionId, before.identityId, deactivated);
      await record(dependencies, caller, 'person.reactivated', id, 'reactivated by the identity provider');
    } else if (!wanted.active && before.active) await record(dependencies, caller, 'person.deactivated', id, deactivated);
    else if (!isSame(wanted, userDocument(before))) await record(dependencies, caller, 'person.changed', id, changedNames(before, wanted));
    const change = (row: ProvisionedUser) => {
      demandMeant(condition, versionTag(row));
      return userFields(next(row), connectionId, provisioning);
    };
    const { user } = writtenOr(await dependencies.provisionedUsers[write](id, change, dependencies.clock.now()));
    if (!user.active) await end(connectionId, user.identityId, deactivated);
    if (user.identityId !== before.identityId) await end(connectionId, before.identityId, 'another external id was given to the person');
    return user;
  };

const isSame = (a: ScimUser, b: ScimUser): boolean => changedKeys(a, b).length === 0;

const changedKeys = (a: ScimUser, b: ScimUser): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => JSON.stringify(a[key as keyof ScimUser]) !== JSON.stringify(b[key as keyof ScimUser]),
  );

/** Which attributes are different, and never what they say. */
const changedNames = (before: ProvisionedUser, wanted: ScimUser): string =>
  `changed: ${changedKeys(wanted, userDocument(before)).join(', ')}`;

export const replaceUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument> =>
    resourceFor(caller, await changeUser(dependencies)(caller, id, { condition, next: (before) => readUser(body, before) }));

export const patchProvisionedUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument> =>
    resourceFor(caller, await changeUser(dependencies)(caller, id, { condition, next: (before) => patchUser(before, body) }));

/** Deactivated first: whoever is cut off afterwards leaves nobody with access, and is finished by the next. */
export const removeUser =
  (dependencies: ProvisionUsersDependencies) =>
  async (caller: ScimCaller, id: string, condition: ScimCondition): Promise<void> => {
    const { provisionedUsers, provisionedGroups, clock } = dependencies;
    const end = endProvisioned(dependencies);
    demandMeant(condition, versionTag(await ownUser(dependencies, caller, id)));
    await record(dependencies, caller, 'person.removed', id, removed);
    const next = (before: ProvisionedUser) => ({ ...userDocument(before), active: false });
    const user = await changeUser(dependencies)(caller, id, { condition, next, write: 'claim' });
    const held = await provisionedGroups.groupsOf(id);
    await provisionedGroups.forget(id);
    // Each of them has one member less.
    await forEach(held, (group) => provisionedGroups.touch(group.id, clock.now()));
    await provisionedUsers.remove(user);
    await end(caller.connectionId, user.identityId, removed);
  };
