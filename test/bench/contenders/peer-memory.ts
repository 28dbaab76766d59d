import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Maps without a bound and without tidying: as fast as an adapter can be. The library's own forgets after a thousand entries. */
export function unboundedMemory(): AdapterFactory {
  const families = new Map<string, Set<() => void>>();
  return (): Adapter => {
    const entries = new Map<string, AdapterPayload>();
    const byUid = new Map<string, string>();
    return {
      upsert: async (id, payload) => {
        entries.set(id, payload);
        if (payload.uid !== undefined) byUid.set(payload.uid, id);
        if (payload.grantId === undefined) return;
        const family = families.get(payload.grantId) ?? new Set();
        family.add(() => entries.delete(id));
        families.set(payload.grantId, family);
      },
      find: async (id) => entries.get(id),
      findByUid: async (uid) => entries.get(byUid.get(uid) ?? ''),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const payload = entries.get(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        entries.delete(id);
      },
      revokeByGrantId: async (grantId) => {
        for (const forget of families.get(grantId) ?? []) forget();
        families.delete(grantId);
      },
    };
  };
}
