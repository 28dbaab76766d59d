import { createHash } from 'node:crypto';
import { upstreamIssuer } from '../../../src/config/connection-schema.ts';
import { directoryOf } from '../../../src/config/directory.ts';
import type { Config } from '../../../src/config/schema.ts';
import { identityKey } from '../../../src/domain/identity.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import { ConnectionId, GrantId, TenantId, UserId } from '../../../src/domain/ids.ts';
import { clientKey } from '../../../src/domain/seen-client.ts';
import type { Secret } from '../../../src/domain/secret.ts';
import { codeOf, refreshTokenOf } from '../../../src/domain/token-format.ts';
import { registerClient } from '../../../src/flows/register-client.ts';
import { nodeEntropy } from '../../../src/platform/node-entropy.ts';
import { openSealing } from '../../../src/platform/node-sealing.ts';
import { systemClock } from '../../../src/platform/system-clock.ts';
import { noFeed } from '../../../src/ports/authority-feed.ts';
import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import { openGrants } from '../../../src/stores/grants.ts';
import { openSeenClients } from '../../../src/stores/seen-clients.ts';
import { openStore } from '../../../src/stores/open-store.ts';
import { openUsers } from '../../../src/stores/users.ts';
import { client_name, code_challenge, redirect_uri } from './wanted.ts';
import { assuranceFrom } from '../../../src/domain/assurance.ts';
import { oidcConnection } from '../../support/connections.ts';

/** What a store is filled with before the product starts on it. */
export interface Population {
  /** Grants whose first refresh token is out: those to be refreshed and, after them, those to be revoked. */
  readonly refreshed: number;
  readonly revoked: number;
  /** Grants whose code is out. */
  readonly coded: number;
}

/** The tokens of the seeded grants: derived, so that a million of them need no list. */
export interface Seeded {
  readonly client_id: string;
  /** People who have signed in before. */
  readonly people: number;
  subject(index: number): string;
  refreshToken(index: number): string;
  code(index: number): string;
}

const grantsOfAPerson = 4;
/** Live grants after all others, for tokens that call tools. */
export const spare = 64;
const together = 500;

const idOf = (kind: string, index: number) => createHash('sha256').update(`${kind} ${index}`).digest('base64url').slice(0, 22);
const grantId = (stage: 'live' | 'coded', index: number) => GrantId.parse(idOf(stage, index));
const userId = (index: number) => UserId.parse(`u_${idOf('user', index)}`);
const subject = (index: number) => `person-${index}`;

async function inBatches(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += together) {
    await Promise.all(Array.from({ length: Math.min(together, count - from) }, (_, offset) => work(from + offset)));
  }
}

const assurance = assuranceFrom({ amr: ['pwd'] }, { acr: [], amr: [] });
const connectionId = ConnectionId.parse('stub');
const tenantId = TenantId.parse('acme');

interface Seed {
  readonly people: number;
  readonly client_id: string;
  readonly resource: string;
  readonly issuer: string;
}

function grantOf(stage: 'live' | 'coded', index: number, { people, client_id, resource, issuer }: Seed): Grant {
  const now = Date.now();
  return {
    id: grantId(stage, index),
    stage,
    userId: userId(index % people),
    tenantId,
    connectionId,
    identityId: identityKey({ connectionId, issuer, subject: subject(index % people) }),
    client_id,
    client_name,
    clientKey: clientKey(client_id),
    resource,
    scope: ['read', 'write'],
    asked: ['read', 'write'],
    offlineAccess: false,
    redirect_uri,
    code_challenge,
    assurance,
    generation: 1,
    rotations: [],
    createdAt: now,
    ...(stage === 'live' ? { answeredAt: now } : {}),
    usedAt: now,
    expiresAt: now + 3_600_000,
    absoluteExpiresAt: null,
  };
}

async function fill(engine: DocumentEngine, config: Config, client_id: string, population: Population, people: number): Promise<void> {
  const directory = directoryOf(config);
  const [users, grants] = [openUsers(engine, noFeed), openGrants(engine, noFeed)];
  const connection = oidcConnection(config);
  const [resource] = directory.resources;
  if (resource === undefined) throw new Error('the configuration is not the bench’s');
  await inBatches(people, async (index) => {
    const who = { connectionId, issuer: upstreamIssuer(connection), subject: subject(index) };
    const seen = { name: 'A person', email: `${subject(index)}@example.test`, groups: ['eng'], assurance, said: [] };
    await users.settle({ ...who, ...seen }, { groups: ['eng'], claims: {} }, userId(index), Date.now());
  });
  await openSeenClients(engine, noFeed).note({ client_id, client_name }, userId(0), Date.now());
  const seed = { people, client_id, resource: resource.identifier, issuer: upstreamIssuer(connection) };
  const add = (stage: 'live' | 'coded') => (index: number) => grants.add(grantOf(stage, index, seed));
  await inBatches(population.refreshed + population.revoked + spare, add('live'));
  await inBatches(population.coded, add('coded'));
}

/** Fills a store through the product's own stores, as logins in the past would have, and closes it. */
export async function seed(config: Config, key: Secret<'key'>, population: Population): Promise<Seeded> {
  const sealing = openSealing(key);
  const directory = directoryOf(config);
  const { client_id } = registerClient({ directory, sealing, clock: systemClock, entropy: nodeEntropy })({
    client_name,
    redirect_uris: [redirect_uri],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  });
  const people = Math.max(1, Math.ceil((population.refreshed + population.revoked + population.coded) / grantsOfAPerson));
  const engine = await openStore(config.store, { clock: systemClock, log: () => undefined });
  try {
    await fill(engine, config, client_id, population, people);
  } finally {
    await engine.close();
  }
  return {
    client_id,
    people,
    subject,
    refreshToken: (index) => refreshTokenOf(grantId('live', index), 1, sealing.mac).reveal(),
    code: (index) => codeOf(grantId('coded', index), sealing.mac).reveal(),
  };
}
