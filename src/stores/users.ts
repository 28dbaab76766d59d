import { identityKey } from '../domain/identity.ts';
import type { User } from '../domain/user.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Users } from '../ports/users.ts';
import { identities, users as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

export function openUsers(engine: DocumentEngine): Users {
  const rows = typedCollection(engine, collection);
  const links = typedCollection(engine, identities);

  /** The identity row is the anchor: whoever inserts it decides the user id, and the user row is made to match, however often. */
  async function userIdOf(identity: Parameters<Users['settle']>[0], candidate: User['id'], now: number): Promise<User['id']> {
    const id = identityKey(identity);
    const known = await links.get(id);
    if (known !== null) return known.userId;
    const { connectionId, issuer, subject } = identity;
    const outcome = await links.insert({ id, userId: candidate, connectionId, issuer, subject, createdAt: now });
    if (outcome === 'inserted') return candidate;
    const winner = await links.get(id);
    if (winner === null) throw new StoreUnavailable('an identity vanished while it was being settled');
    return winner.userId;
  }

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
    release: async (id, by) => {
      await rows.updateIf(id, { reservedBy: by }, { unset: ['reservedBy', 'reservedUntil'] });
    },
    handOver: async (id, from, to, now) => (await links.updateIf(id, { userId: from }, { set: { userId: to, heldSince: now } })) !== null,
    settle: async (identity, candidate, now) => {
      const id = await userIdOf(identity, candidate, now);
      const seen = { name: identity.name, email: identity.email, seenAt: now };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const updated = await rows.updateIf(id, {}, { set: seen });
        if (updated !== null) return updated;
        const fresh: User = { id, ...seen, status: 'active', createdAt: now };
        if ((await rows.insert(fresh)) === 'inserted') return fresh;
      }
      throw new StoreUnavailable('a user could not be settled');
    },
  };
}
