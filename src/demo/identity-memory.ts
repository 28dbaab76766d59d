import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

const limit = 10_000;

/** What the demonstration identity provider remembers, until it stops: one map for each kind of thing. */
export function memory(now: () => number): AdapterFactory {
  const kinds = new Map<string, Map<string, Entry>>();
  const sweep = (entries: Map<string, Entry>): void => {
    for (const [id, { expiresAt }] of entries) if (expiresAt <= now() || entries.size > limit) entries.delete(id);
  };
  const alive = (entry: Entry | undefined): AdapterPayload | undefined =>
    entry !== undefined && entry.expiresAt > now() ? entry.payload : undefined;
  const by = (entries: Map<string, Entry>, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    alive([...entries.values()].find(({ payload }) => matches(payload)));

  return (kind): Adapter => {
    const entries = kinds.get(kind) ?? new Map<string, Entry>();
    kinds.set(kind, entries);
    return {
      upsert: async (id, payload, expiresIn) => {
        sweep(entries);
        entries.set(id, { payload, expiresAt: expiresIn === undefined ? Infinity : now() + expiresIn * 1000 });
      },
      find: async (id) => alive(entries.get(id)),
      findByUid: async (uid) => by(entries, (payload) => payload.uid === uid),
      findByUserCode: async (userCode) => by(entries, (payload) => payload.userCode === userCode),
      consume: async (id) => {
        const entry = entries.get(id);
        if (entry !== undefined) entry.payload.consumed = Math.floor(now() / 1000);
      },
      destroy: async (id) => {
        entries.delete(id);
      },
      revokeByGrantId: async (grantId) => {
        for (const each of kinds.values()) for (const [id, { payload }] of each) if (payload.grantId === grantId) each.delete(id);
      },
    };
  };
}
