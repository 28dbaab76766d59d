import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Invitations } from '../ports/invitations.ts';
import { invitations as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openInvitations(engine: DocumentEngine): Invitations {
  const rows = typedCollection(engine, collection);
  return {
    add: async (invitation) => (await rows.insert(invitation)) === 'inserted',
    get: (id) => rows.get(id),
    ofTenant: (tenantId) => rows.findAll('tenantId', tenantId),
    advance: async ({ id, ...next }) => (await rows.updateIf(id, { version: next.version - 1 }, { set: next })) !== null,
  };
}
