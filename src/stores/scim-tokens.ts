import type { DocumentEngine } from '../ports/document-engine.ts';
import type { ScimTokens } from '../ports/scim-tokens.ts';
import { scimTokens as collection } from './provisioned-collections.ts';
import { typedCollection } from './typed-collection.ts';

/** When it was used last is written no more often than this (ms). */
const usedEvery = 3_600_000;

export function openScimTokens(engine: DocumentEngine): ScimTokens {
  const rows = typedCollection(engine, collection);
  return {
    get: (digest) => rows.get(digest),
    ofConnection: async (connectionId) => (await rows.findAll('connectionId', connectionId)).sort((a, b) => a.createdAt - b.createdAt),
    add: async (token) => {
      await rows.insert(token);
    },
    remove: (digest) => rows.delete(digest),
    used: async ({ id, lastUsedAt = 0 }, now) => {
      if (Math.abs(now - lastUsedAt) >= usedEvery) await rows.updateIf(id, {}, { set: { lastUsedAt: now } });
    },
  };
}
