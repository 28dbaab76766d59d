import type { GrantId } from '../domain/ids.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Grants } from '../ports/grants.ts';
import { announced } from './announced.ts';
import { grants as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const mostOver = 10_000;

export function openGrants(engine: DocumentEngine, feed: AuthorityFeed): Grants {
  const rows = typedCollection(engine, collection);
  /** Ended and announced by this process: nothing is left to do, however often it is asked for. */
  const over = new Set<GrantId>();

  function remember(id: GrantId): void {
    for (const oldest of over) if (over.size >= mostOver) over.delete(oldest);
    over.add(id);
  }

  /** Conditional writes instead of one unconditional, so that the reason of whoever ended it first stays. */
  async function endRow(id: GrantId, because: string): Promise<'now' | 'before' | 'never there'> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      for (const stage of ['live', 'coded', 'live']) {
        if ((await rows.updateIf(id, { stage }, { set: { stage: 'ended', endedBecause: because } })) !== null) return 'now';
      }
      const row = await rows.get(id);
      if (row === null) return 'never there';
      if (row.stage === 'ended') return 'before';
    }
    throw new StoreUnavailable('a grant kept changing while it was being ended');
  }

  return {
    ofUser: (userId) => rows.findAll('userId', userId),
    ofSid: (key) => rows.findAll('sidKey', key),
    add: async (grant) => ((await rows.insert(grant)) === 'inserted' ? 'added' : 'exists'),
    get: (id) => rows.get(id),
    redeem: (id, at) => rows.updateIf(id, { stage: 'coded' }, { set: { stage: 'live', ...at } }),
    answered: async (id, at) => {
      await rows.updateIf(id, { stage: 'live' }, { set: { answeredAt: at } });
    },
    rotate: (id, from, to) => rows.updateIf(id, { stage: 'live', generation: from }, { set: { ...to } }),
    end: async (id, because) => {
      if (over.has(id)) return false;
      let ended = 'never there';
      // Whoever asks again announces again: whether the one who ended it could is not known.
      const isOver = await announced(feed, { kind: 'grant', key: id }, async () => {
        ended = await endRow(id, because);
        return ended !== 'never there';
      });
      if (isOver) remember(id);
      return ended === 'now';
    },
  };
}
