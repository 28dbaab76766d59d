import type { Assigned } from '../domain/access-preview.ts';
import { isAssigned } from '../domain/held-roles.ts';
import type { TenantId, UserId } from '../domain/ids.ts';
import type { HeldRole } from '../domain/role-mapping.ts';
import type { Identity } from '../domain/user.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { People } from '../ports/people.ts';
import { readIdentities } from './all-identities.ts';
import { memberships, users } from './collections.ts';
import { typedCollection } from './typed-collection.ts';

type ByUser = Map<UserId, Map<TenantId, readonly HeldRole[]>>;

async function readRows(engine: DocumentEngine): Promise<ByUser> {
  const found: ByUser = new Map();
  for await (const page of typedCollection(engine, memberships).pages(1000)) {
    for (const { userId, tenantId, roles } of page) {
      const before = found.get(userId) ?? new Map<TenantId, readonly HeldRole[]>();
      if (roles.length > 0) found.set(userId, before.set(tenantId, roles));
    }
  }
  return found;
}

const byHand = (rows: Assigned): Assigned => new Map([...rows].map(([tenantId, roles]) => [tenantId, roles.filter(isAssigned)]));

/** Who is kept out; of everybody else nothing is held. */
async function readDisabled(engine: DocumentEngine): Promise<ReadonlySet<UserId>> {
  const found = new Set<UserId>();
  for await (const page of typedCollection(engine, users).pages(1000))
    for (const { id, status } of page) if (status === 'disabled') found.add(id);
  return found;
}

const none: Assigned = new Map();

export function openPeople(engine: DocumentEngine): People {
  async function* everybody() {
    const [rows, disabled] = await Promise.all([readRows(engine), readDisabled(engine)]);
    const withTheirs = (identity: Identity) => {
      const theirs = rows.get(identity.userId);
      if (theirs === undefined) return { identity, assigned: none };
      return { identity, assigned: identity.known === undefined ? theirs : byHand(theirs) };
    };
    for await (const page of readIdentities(engine)) yield page.filter(({ userId }) => !disabled.has(userId)).map(withTheirs);
  }
  return { everybody };
}
