import { heldRoles } from '../../src/domain/held-roles.ts';
import { UserId } from '../../src/domain/ids.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { identities } from '../../src/stores/collections.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { openUsers } from '../../src/stores/users.ts';

interface Place {
  readonly engine: DocumentEngine;
  readonly tenants: readonly Tenant[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The roles a user has now by each of their sign-ins, by tenant, `role@connection`; tenants without any are left out. */
export async function rolesNow({ engine, tenants, now }: Place, user: string): Promise<Record<string, string[]>> {
  const id = UserId.parse(user);
  const theirs = await openUsers(engine, noFeed).identitiesOf(id);
  const assigned = await openMemberships(engine, noFeed).ofUser(id);
  const entries = tenants.map((tenant): [string, string[]] => {
    const membership = assigned.find(({ tenantId }) => tenantId === tenant.id) ?? null;
    const held = theirs.flatMap((identity) => heldRoles(tenant, identity, membership, now));
    return [tenant.id, held.map(({ role, connectionId }) => `${role}@${connectionId}`)];
  });
  return Object.fromEntries(entries.filter(([, roles]) => roles.length > 0));
}

/** Has the store say that a user's connections put them into these groups now; the ids of the identities, which an instance that remembers has to be told. */
export async function putInto(engine: DocumentEngine, user: string, groups: readonly string[]): Promise<string[]> {
  const rows = await engine.find(identities, 'userId', user);
  for (const { id } of rows) await engine.updateIf(identities, id, {}, { set: { known: { groups, claims: {} } } }, 'after');
  return rows.map(({ id }) => id);
}
