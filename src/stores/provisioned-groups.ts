import type { HeldGroup, ProvisionedGroup } from '../domain/provisioned.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { ProvisionedGroups } from '../ports/provisioned-groups.ts';
import { movingAlone } from '../ports/provisioned-groups.ts';
import { provisionedGroups, provisionedMembers } from './provisioned-collections.ts';
import { typedCollection } from './typed-collection.ts';

const mostAttempts = 20;
const atOnce = 50;

const memberId = (groupId: string, userId: string): string => `${groupId}:${userId}`;

const heldGroup = ({ id, displayName, externalId }: ProvisionedGroup): HeldGroup => ({
  id,
  displayName,
  ...(externalId === undefined ? {} : { externalId }),
});

type Members = Pick<ProvisionedGroups, 'membersOf' | 'groupsOf' | 'join' | 'leave' | 'settled' | 'forget'>;

function openMembers(engine: DocumentEngine): Members {
  const rows = typedCollection(engine, provisionedGroups);
  const members = typedCollection(engine, provisionedMembers);
  return {
    membersOf: (groupId) => members.findAll('groupId', groupId),
    groupsOf: async (userId) => {
      const held = (await members.findAll('userId', userId)).filter(({ pending }) => pending !== 'leave');
      const found: HeldGroup[] = [];
      for (let from = 0; from < held.length; from += atOnce) {
        const groups = await Promise.all(held.slice(from, from + atOnce).map(({ groupId }) => rows.get(groupId)));
        found.push(...groups.filter((group) => group !== null).map(heldGroup));
      }
      return found;
    },
    join: async (groupId, userId) => {
      const id = memberId(groupId, userId);
      for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
        if ((await members.insert({ id, groupId, userId, pending: 'join' })) === 'inserted') return true;
        const known = await members.get(id);
        if (known !== null && known.pending !== 'leave') return known.pending === 'join';
        if ((await members.updateIf(id, { pending: 'leave' }, { set: { pending: 'join' } })) !== null) return true;
      }
      throw new StoreUnavailable('a membership kept changing while it was being written');
    },
    leave: async (groupId, userId) => (await members.updateIf(memberId(groupId, userId), {}, { set: { pending: 'leave' } })) !== null,
    // Only what was done: whoever joined or left again meanwhile settles that themselves.
    settled: async (groupId, userId, done) => {
      const id = memberId(groupId, userId);
      if (done === 'leave') await members.delete(id, { pending: done });
      else await members.updateIf(id, { pending: done }, { unset: ['pending'] });
    },
    forget: async (userId) => {
      const held = await members.findAll('userId', userId);
      for (const { id } of held) await members.delete(id);
    },
  };
}

export function openProvisionedGroups(engine: DocumentEngine): ProvisionedGroups {
  const rows = typedCollection(engine, provisionedGroups);
  const byName = async (nameKey: string) => (await rows.find('nameKey', nameKey, { limit: 1 }))[0] ?? null;

  const changed: ProvisionedGroups['change'] = async (id, change, now) => {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const before = await rows.get(id);
      if (before === null) return { outcome: 'gone' };
      const { displayName, externalId, nameKey } = change(before);
      if (now < (before.movingUntil ?? 0)) return { outcome: 'busy' };
      const dated = { version: before.version + 1, movingUntil: now + movingAlone, changedAt: now };
      const set = { displayName, nameKey, ...dated, ...(externalId === undefined ? {} : { externalId }) };
      const unset = externalId === undefined ? ['externalId'] : [];
      const group = await rows.updateIf(id, { version: before.version }, { set, unset });
      if (group !== null) return { outcome: 'written', group };
      const named = await byName(nameKey);
      if (named !== null && named.id !== id) return { outcome: 'taken' };
    }
    throw new StoreUnavailable('a provisioned group kept changing while it was being written');
  };

  async function touch(id: string, now: number): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const before = await rows.get(id);
      if (before === null) return;
      const { version } = before;
      if ((await rows.updateIf(id, { version }, { set: { version: version + 1, changedAt: now } })) !== null) return;
    }
    throw new StoreUnavailable('a provisioned group kept changing while somebody was taken out of it');
  }

  return {
    get: (id) => rows.get(id),
    byName,
    ofConnection: (connectionId) => rows.pagesOf('connectionId', connectionId, 500),
    add: async (group) => ((await rows.insert(group)) === 'inserted' ? { outcome: 'written', group } : { outcome: 'taken' }),
    change: changed,
    arrived: ({ id, version }) => rows.updateIf(id, { version }, { set: { version: version + 1 }, unset: ['movingUntil'] }),
    cutOff: async ({ id, version }) => {
      await rows.updateIf(id, { version }, { set: { movingUntil: 0 } });
    },
    touch,
    remove: (id) => rows.delete(id),
    ...openMembers(engine),
  };
}
