import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Newcomers } from '../ports/newcomers.ts';
import { newcomerCounts as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const mostTries = 50;

export function openNewcomers(engine: DocumentEngine): Newcomers {
  const rows = typedCollection(engine, collection);
  return {
    take: async (connectionId, most) => {
      for (let attempt = 0; attempt < mostTries; attempt += 1) {
        const count = (await rows.get(connectionId))?.count;
        if ((count ?? 0) >= most) return false;
        if (count === undefined) {
          if ((await rows.insert({ id: connectionId, count: 1 })) === 'inserted') return true;
        } else if ((await rows.updateIf(connectionId, { count }, { inc: { count: 1 } })) !== null) return true;
      }
      throw new StoreUnavailable('the number of newcomers kept changing');
    },
    giveBack: async (connectionId) => {
      await rows.updateIf(connectionId, {}, { inc: { count: -1 } });
    },
  };
}
