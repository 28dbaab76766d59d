import { clientKey } from '../domain/seen-client.ts';
import type { SeenClient } from '../domain/seen-client.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { SeenClients } from '../ports/seen-clients.ts';
import { announced } from './announced.ts';
import { seenClients as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openSeenClients(engine: DocumentEngine, feed: AuthorityFeed): SeenClients {
  const rows = typedCollection(engine, collection);
  return {
    get: (client_id) => rows.get(clientKey(client_id)),
    byKey: (key) => rows.get(key),
    page: (page) => rows.page(page),
    decide: async ({ id, client_id }, status) => {
      let decided: SeenClient | null = null;
      await announced(feed, { kind: 'client', key: client_id }, async () => {
        decided = await rows.updateIf(id, {}, { set: { status } });
        return decided !== null;
      });
      return decided;
    },
    note: async (client, userId, now) => {
      const id = clientKey(client.client_id);
      const known = await rows.updateIf(id, {}, { set: { usedAt: now } });
      if (known !== null) return;
      await rows.insert({ id, ...client, status: 'allowed', addedBy: userId, addedAt: now, usedAt: now });
    },
  };
}
