import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Grants } from '../ports/grants.ts';
import { grants as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openGrants(engine: DocumentEngine, feed: AuthorityFeed): Grants {
  const rows = typedCollection(engine, collection);
  return {
    add: async (grant) => ((await rows.insert(grant)) === 'inserted' ? 'added' : 'exists'),
    get: (id) => rows.get(id),
    redeem: (id, at) => rows.updateIf(id, { stage: 'coded' }, { set: { stage: 'live', ...at } }),
    answered: async (id, at) => {
      await rows.updateIf(id, { stage: 'live' }, { set: { answeredAt: at } });
    },
    rotate: (id, from, to) => rows.updateIf(id, { stage: 'live', generation: from }, { set: { ...to } }),
    end: async (id, because) => {
      // Two conditional writes instead of one unconditional, so that the reason of whoever ended it first stays.
      for (const stage of ['live', 'coded', 'live']) {
        const ended = await rows.updateIf(id, { stage }, { set: { stage: 'ended', endedBecause: because } });
        if (ended !== null) {
          await feed.append({ kind: 'grant', key: id });
          return true;
        }
      }
      return false;
    },
  };
}
