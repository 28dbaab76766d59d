import { openState } from '../../src/compose-state.ts';
import { directoryUnder, judgePolicy } from '../../src/config/policy.ts';
import { policyDrafts } from '../../src/config/policy-drafts.ts';
import { decide, effectiveScopes } from '../../src/domain/access-decision.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, GrantId, TenantId, UserId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import { clientKey } from '../../src/domain/seen-client.ts';
import { membershipId } from '../../src/domain/tenant.ts';
import type { PolicyDocument } from '../../src/flows/change-rules.ts';
import { standingOf } from '../../src/flows/steps/standing.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections, grants, identities, memberships, seenClients, users } from '../../src/stores/collections.ts';
import { openPeople } from '../../src/stores/people.ts';
import { provisionedUsers } from '../../src/stores/provisioned-collections.ts';
import { openTenantRows } from '../../src/stores/tenant-rows.ts';
import { keptLog } from './feed-world.ts';
import { seededEntropy } from './flow-world.ts';
import { makeGrant } from './grant.ts';
import { configOf, moment, tenantIds } from './installations.ts';
import type { Contents, WrittenPolicy } from './installations.ts';

/** Every row there is, but for limits and news. */
export async function rowsOf(engine: DocumentEngine): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const collection of collections)
    for (const row of await engine.page(collection, { limit: 1000 })) found.set(`${collection.name} ${row.id}`, JSON.stringify(row));
  return found;
}

async function empty(engine: DocumentEngine): Promise<void> {
  const gone = collections.map(async (collection) => {
    const rows = await engine.page(collection, { limit: 1000 });
    await Promise.all(rows.map(({ id }) => engine.delete(collection, id)));
  });
  await Promise.all(gone);
}

const identityOf = ({ connectionId, subject }: Contents['people'][number]) => {
  const issuer = `https://${connectionId}.example`;
  const named = { connectionId: ConnectionId.parse(connectionId), issuer, subject };
  return { ...named, id: identityKey(named) };
};

/** One app of somebody, whether or not it is stored. */
function appOf(person: Contents['people'][number], tenantId: string, resource: string, more: Parameters<typeof makeGrant>[0] = {}) {
  const { id: identityId, connectionId } = identityOf(person);
  const scope = ['read', 'write', 'edit', 'admin:read', 'admin:write'];
  const whose = { userId: UserId.parse(person.userId), tenantId: TenantId.parse(tenantId), connectionId, identityId };
  const client_id = more.client_id ?? 'app';
  const place = {
    resource: `http://localhost:4000/${resource}`,
    scope,
    clientKey: clientKey(client_id),
    expiresAt: moment + 1_000_000_000,
  };
  return makeGrant({ ...whose, ...place, ...more });
}

async function fill(engine: DocumentEngine, { people, disabled, held, apps, isProvisioned }: Contents): Promise<GrantId[]> {
  const ids: GrantId[] = [];
  const writes: Promise<unknown>[] = [];
  const insert = (...[collection, row]: Parameters<DocumentEngine['insert']>) => void writes.push(engine.insert(collection, row));
  for (const id of new Set(people.map(({ userId }) => userId))) {
    const status = id === disabled ? 'disabled' : 'active';
    insert(users, { id, name: id, email: null, status, createdAt: 1, seenAt: 1 });
  }
  for (const person of people) {
    const { userId, known, provisioned } = person;
    const identity = identityOf(person);
    insert(identities, { ...identity, userId, createdAt: 1, ...(known === null ? {} : { known, knownAt: 1 }) });
    if (!isProvisioned || provisioned === null || identity.connectionId !== 'google') continue;
    const groups = provisioned.groups.map((displayName) => ({ id: displayName, displayName }));
    const about = { connectionId: 'google', userName: identity.id, userNameKey: identity.id, identityId: identity.id, attributes: {} };
    insert(provisionedUsers, {
      id: `p ${identity.id}`,
      ...about,
      active: provisioned.active,
      groups,
      version: 1,
      createdAt: 1,
      changedAt: 1,
    });
  }
  for (const { userId, tenantId, roles } of held) {
    const id = membershipId(TenantId.parse(tenantId), UserId.parse(userId));
    const given = roles.map(({ source, expiresAt, ...each }) => ({
      ...each,
      rule: 'by hand',
      ...(source && { source }),
      ...(expiresAt && { expiresAt }),
    }));
    insert(memberships, { id, tenantId, userId, roles: given, version: 1 });
  }
  const status = 'withdrawn';
  insert(seenClients, { id: clientKey(status), client_id: status, client_name: 'App', status, addedBy: 'u_1', addedAt: 1, usedAt: 1 });
  apps.forEach(({ whose, tenantId, resource, stage, isOver, client, namesIdentity }, index) => {
    const person = people[whose];
    if (person === undefined) return;
    const id = GrantId.parse(String(index).padStart(22, 'g'));
    const { identityId: _own, ...grant } = appOf(person, tenantId, resource, {
      id,
      stage,
      client_id: client,
      ...(isOver ? { expiresAt: moment } : {}),
    });
    insert(grants, namesIdentity ? { ...grant, identityId: _own } : grant);
    ids.push(id);
  });
  await Promise.all(writes);
  return ids;
}

/** What somebody can do by one sign-in in one tenant, as the gateway has it: whom it lets call what. */
export interface Reality {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly scopes: readonly string[];
  readonly tools: readonly string[];
  /** Those that are for anything, not only for what is theirs. */
  readonly onOthers: readonly string[];
}
export const nothing: Reality = { roles: [], permissions: [], scopes: [], tools: [], onOthers: [] };

/** Puts an installation into a store that nothing else is in, and opens it as a process does. */
export async function openInstallation(engine: DocumentEngine, before: WrittenPolicy, held: Contents, store: string) {
  await empty(engine);
  const ids = await fill(engine, held);
  const config = configOf(before, held.isProvisioned, store);
  let now = moment;
  const clock = { now: () => now };
  const entropy = seededEntropy('installation');
  const state = await openState({ config, engine, clock, entropy, log: keptLog() }, openSealing(new Secret<'key'>(entropy.secret())));
  const { stores, directory, policy, authority } = state;
  const parts = {
    ...stores,
    directory,
    policy,
    clock,
    people: openPeople(engine),
    rows: openTenantRows(engine),
    drafts: policyDrafts(config),
  };
  const standing = standingOf(parts);

  async function realityOf(person: Contents['people'][number], tenantId: string): Promise<Reality> {
    const found = { ...nothing, scopes: [] as string[], tools: [] as string[], onOthers: [] as string[] };
    await policy.fresh();
    let said: Pick<Reality, 'roles' | 'permissions'> = nothing;
    for (const resource of directory.resources) {
      const grant = appOf(person, tenantId, resource.id);
      const is = await standing(grant);
      if (is === null) continue;
      said = { roles: is.roles.map(({ id }) => id), permissions: is.permissions };
      const scope = effectiveScopes(resource, is, grant.scope);
      const uses = [...resource.tools.keys()].flatMap((name) => {
        const decision = decide({ resource, standing: is, scope, now }, 'tool', name);
        return decision.verdict === 'allowed' ? [{ name: `${resource.id} ${name}`, isOwn: decision.ownership === 'own' }] : [];
      });
      found.scopes.push(...scope.map((name) => `${resource.id} ${name}`));
      found.tools.push(...uses.map(({ name }) => name));
      found.onOthers.push(...uses.flatMap(({ name, isOwn }) => (isOwn ? [] : [name])));
    }
    return { ...found, ...said };
  }

  return {
    ...parts,
    engine,
    /** What rules are changed with, over HTTP. */
    ruling: {
      ...parts,
      meaning: directoryUnder(config),
      judge: (document: unknown) => ({ document: judgePolicy(config, document) as unknown as PolicyDocument }),
      isFileOnly: false,
    },
    meaning: directoryUnder(config),
    identityOf,
    /** Everything anybody can do, in the order of people and tenants. */
    reality: () => Promise.all(held.people.map((person) => Promise.all(tenantIds.map((id) => realityOf(person, id))))),
    /** Which of the apps there are do anything. */
    working: async () => {
      const asked = await Promise.all(ids.map(async (id) => [id, await authority.standing(id)] as const));
      return asked.flatMap(([id, is]) => (is === null ? [] : [id]));
    },
    /** Until every process has looked again. */
    pass: () => void (now += 2_000),
    close: () => [state.feed, policy].forEach((part) => part.close()),
  };
}
export type OpenedInstallation = Awaited<ReturnType<typeof openInstallation>>;
