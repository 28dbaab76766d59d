import type { Membership } from '../domain/tenant.ts';
import type { HeldRole } from '../domain/role-mapping.ts';
import { membershipId } from '../domain/tenant.ts';
import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Memberships } from '../ports/memberships.ts';
import { announced } from './announced.ts';
import { memberships as collection } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

const sameRoles = (a: readonly HeldRole[], b: readonly HeldRole[]) => JSON.stringify(a) === JSON.stringify(b);

export function openMemberships(engine: DocumentEngine, feed: AuthorityFeed): Memberships {
  const rows = typedCollection(engine, collection);

  async function write(before: Membership | null, next: Omit<Membership, 'version'>): Promise<boolean> {
    if (before === null) return next.roles.length === 0 || (await rows.insert({ ...next, version: 1 })) === 'inserted';
    if (next.roles.length === 0) return rows.delete(next.id, { version: before.version });
    if (sameRoles(before.roles, next.roles)) return true;
    const change = { set: { roles: next.roles, version: before.version + 1 } };
    return (await rows.updateIf(next.id, { version: before.version }, change)) !== null;
  }

  return {
    get: (tenantId, userId) => rows.get(membershipId(tenantId, userId)),
    ofUser: (userId) => rows.find('userId', userId, { limit: 1000 }),
    assign: (tenantId, userId, version, roles) => {
      const id = membershipId(tenantId, userId);
      // The row stays when nothing is assigned any more: a version is never used twice.
      const change = { set: { roles, version: version + 1 } };
      const take = async () =>
        version === 0
          ? (await rows.insert({ id, tenantId, userId, roles: [...roles], version: 1 })) === 'inserted'
          : (await rows.updateIf(id, { version }, change)) !== null;
      return announced(feed, { kind: 'member', key: id }, take);
    },
    resync: async (tenantId, userId, connectionId, roles) => {
      const id = membershipId(tenantId, userId);
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const before = await rows.get(id);
        const others = (before?.roles ?? []).filter((held) => held.connectionId !== connectionId);
        const next = [...others, ...roles];
        const take = () => write(before, { id, tenantId, userId, roles: next });
        // A role counts through its connection only: the same one by another way is no substitute.
        const isKept = (held: HeldRole) => next.some(({ role, connectionId: by }) => role === held.role && by === held.connectionId);
        const isLoss = (before?.roles ?? []).some((held) => !isKept(held));
        const change = { kind: 'member', key: id } as const;
        if (isLoss) {
          if (await announced(feed, change, take)) return;
        } else if (await take()) {
          // A gain need not be heard everywhere at once, but no later than the person's next token.
          if (before !== null && !sameRoles(before.roles, next)) await feed.append(change);
          return;
        }
      }
      throw new StoreUnavailable('a membership kept changing while it was being written');
    },
  };
}
