import type { GroupName } from '../domain/group-name.ts';
import { groupNameKey, groupNameRow, saysTheSame } from '../domain/group-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { GroupNames } from '../ports/group-names.ts';
import { groupNames as collection } from './collections.ts';
import { typedCollection, type TypedCollection } from './typed-collection.ts';

/** How many names wait to be written, and of how many it is remembered that they are. */
export interface NameBounds {
  readonly waiting: number;
  readonly remembered: number;
}

const usualBounds: NameBounds = { waiting: 4_000, remembered: 20_000 };
const asksAtOnce = 50;

/** Writes names in the background, one after the other, and each only when it is news. */
function nameWriter(rows: TypedCollection<GroupName>, bounds: NameBounds) {
  const waiting = new Map<string, GroupName>();
  // The same sign-in an hour later costs the store nothing.
  const remembered = new Map<string, Pick<GroupName, 'name' | 'seenAt'>>();
  let underWay: Promise<void> | null = null;

  function remember({ id, name, seenAt }: GroupName): void {
    remembered.delete(id);
    remembered.set(id, { name, seenAt });
    if (remembered.size > bounds.remembered) remembered.delete(remembered.keys().next().value ?? '');
  }

  async function write(row: GroupName): Promise<void> {
    const known = await rows.get(row.id);
    if (known !== null && saysTheSame(known, row)) return remember(known);
    const { id, ...told } = row;
    // Whoever inserted it meanwhile was told the same a moment ago.
    if ((await rows.updateIf(id, {}, { set: told })) === null) await rows.insert(row);
    remember(row);
  }

  async function writeAll(): Promise<void> {
    try {
      for (const row of waiting.values()) {
        waiting.delete(row.id);
        await write(row);
      }
    } catch {
      // The store does not answer: names are the last thing it should be asked for then.
      waiting.clear();
    } finally {
      underWay = null;
    }
  }

  return {
    add: (row: GroupName): void => {
      if (waiting.size < bounds.waiting && !saysTheSame(remembered.get(row.id), row)) waiting.set(row.id, row);
    },
    begin: (): void => {
      if (waiting.size > 0) underWay ??= writeAll();
    },
    settled: async (): Promise<void> => {
      while (underWay !== null) await underWay;
    },
  };
}

export function openGroupNames(engine: DocumentEngine, clock: Clock, bounds: NameBounds = usualBounds): GroupNames {
  const rows = typedCollection(engine, collection);
  const { add, begin, settled } = nameWriter(rows, bounds);
  return {
    note: (connectionId, names = new Map()) => {
      const now = clock.now();
      for (const [groupId, name] of names) add(groupNameRow(connectionId, groupId, name, now));
      begin();
    },
    of: async (connectionId, groupIds) => {
      const named = new Map<string, string>();
      for (let from = 0; from < groupIds.length; from += asksAtOnce) {
        const some = groupIds.slice(from, from + asksAtOnce);
        const found = await Promise.all(some.map((groupId) => rows.get(groupNameKey(connectionId, groupId))));
        for (const row of found) if (row !== null) named.set(row.groupId, row.name);
      }
      return named;
    },
    ofConnection: (connectionId, most) => rows.find('connectionId', connectionId, { after: '', limit: most }),
    settled,
  };
}
