import { clientKey } from '../domain/seen-client.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { SeenClients } from '../ports/seen-clients.ts';
import { seenClients as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openSeenClients(engine: DocumentEngine): SeenClients {
  const rows = typedCollection(engine, collection);
  return {
    get: (client_id) => rows.get(clientKey(client_id)),
    note: async (client, userId, now) => {
      const id = clientKey(client.client_id);
      const known = await rows.updateIf(id, {}, { set: { usedAt: now } });
      if (known !== null) return;
      await rows.insert({ id, ...client, status: 'allowed', addedBy: userId, addedAt: now, usedAt: now });
    },
  };
}
