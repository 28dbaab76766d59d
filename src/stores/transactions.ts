import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Transactions } from '../ports/transactions.ts';
import { transactions as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openTransactions(engine: DocumentEngine): Transactions {
  const rows = typedCollection(engine, collection);
  return {
    add: async (transaction) => {
      await rows.insert(transaction);
    },
    get: (id) => rows.get(id),
    advance: async (next) => {
      const { version, stage, browser, tries } = next;
      const counted = tries === undefined ? {} : { tries };
      const written = await rows.updateIf(next.id, { version: version - 1 }, { set: { version, stage, browser, ...counted } });
      return written !== null;
    },
  };
}
