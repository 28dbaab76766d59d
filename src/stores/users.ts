import type { User } from '../domain/user.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Users } from '../ports/users.ts';
import { announced } from './announced.ts';
import { identities, users as collection } from './collections.ts';
import { identityRows } from './identity-rows.ts';
import { typedCollection } from './typed-collection.ts';
import type { TypedCollection } from './typed-collection.ts';

const deciding =
  (rows: TypedCollection<User>, feed: AuthorityFeed): Users['decide'] =>
  async (id, status) => {
    let decided: User | null = null;
    await announced(feed, { kind: 'user', key: id }, async () => {
      decided = await rows.updateIf(id, {}, { set: { status } });
      return decided !== null;
    });
    return decided;
  };

export function openUsers(engine: DocumentEngine, feed: AuthorityFeed): Users {
  const rows = typedCollection(engine, collection);
  const links = typedCollection(engine, identities);
  const { learn, anchor } = identityRows(links, feed);

  return {
    get: (id) => rows.get(id),
    identity: (id) => links.get(id),
    identitiesOf: (userId) => links.findAll('userId', userId),
    reserve: async (id, by, until, now) => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const user = await rows.get(id);
        if (user === null || ((user.reservedBy ?? by) !== by && (user.reservedUntil ?? 0) > now)) return false;
        const { reservedBy = null, reservedUntil = null } = user;
        const change = { set: { reservedBy: by, reservedUntil: until } };
        if ((await rows.updateIf(id, { reservedBy, reservedUntil }, change)) !== null) return true;
      }
      return false;
    },
    decide: deciding(rows, feed),
    release: async (id, by) => {
      await rows.updateIf(id, { reservedBy: by }, { unset: ['reservedBy', 'reservedUntil'] });
    },
    handOver: (id, from, to, now) =>
      announced(feed, { kind: 'identity', key: id }, async () => {
        return (await links.updateIf(id, { userId: from }, { set: { userId: to, heldSince: now } })) !== null;
      }),
    learn,
    forget: async (id) => {
      await announced(feed, { kind: 'identity', key: id }, async () => {
        return (await links.updateIf(id, {}, { unset: ['known', 'knownAt', 'groupsAt', 'claimsAt'] })) !== null;
      });
    },
    settle: async (given, known, candidate, now) => {
      const identity = await anchor(given, known, candidate, now);
      const id = identity.userId;
      const seen = { name: given.name, email: given.email, seenAt: now };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const updated = await rows.updateIf(id, {}, { set: seen });
        if (updated !== null) return { user: updated, identity };
        const fresh: User = { id, ...seen, status: 'active', createdAt: now };
        if ((await rows.insert(fresh)) === 'inserted') return { user: fresh, identity };
      }
      throw new StoreUnavailable('a user could not be settled');
    },
  };
}
