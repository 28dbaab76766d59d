import type { HeldGroup, ProvisionedUser } from '../domain/provisioned.ts';
import type { UserFields } from '../domain/scim-user.ts';
import type { AuthorityChange, AuthorityFeed } from '../ports/authority-feed.ts';
import type { Change, DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Provisioned, ProvisionedUsers } from '../ports/provisioned-users.ts';
import { allAnnounced } from './announced.ts';
import { provisionedUsers as collection } from './provisioned-collections.ts';
import type { TypedCollection } from './typed-collection.ts';
import { typedCollection } from './typed-collection.ts';

const mostAttempts = 20;

/** Fields that are not there any more are taken out of the row. */
const changeOf = (fields: UserFields, now: number): Change => ({
  set: { ...fields, changedAt: now },
  unset: (['externalId', 'identityId'] as const).filter((name) => fields[name] === undefined),
});

const fieldNames = ['userName', 'userNameKey', 'externalId', 'identityId', 'active', 'attributes'] as const;

const isSame = (before: ProvisionedUser, fields: UserFields): boolean =>
  fieldNames.every((name) => JSON.stringify(before[name]) === JSON.stringify(fields[name]));

/** What every instance hears of when one of these rows changes. */
const aboutThem = (...identityIds: (string | undefined)[]): AuthorityChange[] =>
  [...new Set(identityIds)].filter((key) => key !== undefined).map((key) => ({ kind: 'identity', key }));

type Rows = TypedCollection<ProvisionedUser>;

const firstOf = async (rows: Rows, field: string, value: string) => (await rows.find(field, value, { limit: 1 }))[0] ?? null;

/** Whether somebody else has the name or the external id that a write asked for. */
async function isTaken(rows: Rows, id: string, { userNameKey, identityId }: UserFields): Promise<boolean> {
  const named = await firstOf(rows, 'userNameKey', userNameKey);
  const signing = identityId === undefined ? null : await firstOf(rows, 'identityId', identityId);
  return [named, signing].some((row) => row !== null && row.id !== id);
}

/** The row as it is after the change; null when another was quicker. */
const write = (rows: Rows, { id, version }: ProvisionedUser, { set, ...change }: Change): Promise<ProvisionedUser | null> =>
  rows.updateIf(id, { version }, { ...change, set: { ...set, version: version + 1 } });

interface Asked {
  readonly id: string;
  readonly change: (before: ProvisionedUser) => UserFields;
  readonly now: number;
  readonly isAlwaysWritten: boolean;
}

async function changed(
  { rows, feed }: { readonly rows: Rows; readonly feed: AuthorityFeed },
  { id, change, now, isAlwaysWritten }: Asked,
): Promise<Provisioned> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const before = await rows.get(id);
    if (before === null) return { outcome: 'gone' };
    const fields = change(before);
    if (!isAlwaysWritten && isSame(before, fields)) return { outcome: 'written', user: before };
    const written: ProvisionedUser[] = [];
    await allAnnounced(feed, aboutThem(before.identityId, fields.identityId), async () => {
      const user = await write(rows, before, changeOf(fields, now));
      if (user !== null) written.push(user);
      return user !== null;
    });
    if (written[0] !== undefined) return { outcome: 'written', user: written[0] };
    if (await isTaken(rows, id, fields)) return { outcome: 'taken' };
  }
  throw new StoreUnavailable('a provisioned user kept changing while it was being written');
}

export function openProvisionedUsers(engine: DocumentEngine, feed: AuthorityFeed): ProvisionedUsers {
  const rows = typedCollection(engine, collection);

  /** Written although nothing may be different: whoever read before and writes later then finds another version, and reads again. */
  async function regroup(id: string, read: () => Promise<HeldGroup[]>, now: number): Promise<'written' | 'gone'> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const before = await rows.get(id);
      if (before === null) return 'gone';
      const groups = await read();
      const changedAt = JSON.stringify(groups) === JSON.stringify(before.groups) ? before.changedAt : now;
      const take = async () => (await write(rows, before, { set: { groups, changedAt } })) !== null;
      if (await allAnnounced(feed, aboutThem(before.identityId), take)) return 'written';
    }
    throw new StoreUnavailable('a provisioned user kept changing while their groups were being written');
  }

  return {
    get: (id) => rows.get(id),
    byIdentity: (identityId) => firstOf(rows, 'identityId', identityId),
    byUserName: (userNameKey) => firstOf(rows, 'userNameKey', userNameKey),
    ofConnection: (connectionId) => rows.pagesOf('connectionId', connectionId, 500),
    add: async (user) => {
      const isThere = await allAnnounced(feed, aboutThem(user.identityId), async () => (await rows.insert(user)) === 'inserted');
      return isThere ? { outcome: 'written', user } : { outcome: 'taken' };
    },
    change: (id, change, now) => changed({ rows, feed }, { id, change, now, isAlwaysWritten: false }),
    claim: (id, change, now) => changed({ rows, feed }, { id, change, now, isAlwaysWritten: true }),
    regroup,
    remove: ({ id, identityId }) => allAnnounced(feed, aboutThem(identityId), () => rows.delete(id)),
  };
}
