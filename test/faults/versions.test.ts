/** Two versions at once: what a newer one has written is read, worked with and kept by this one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredDocument } from '../../src/ports/document-engine.ts';
import { collections } from '../../src/stores/collections.ts';
import {
  authorizeUrl,
  callTool,
  consent,
  login,
  openBrowser,
  pkce,
  postForm,
  redeem,
  refresh,
  register,
  signIn,
} from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { startMongo } from '../support/mongo-server.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { directoryRows } from './support/directory-rows.ts';
import { occasionalRows } from './support/occasional-rows.ts';

const slow = 60_000;

/** Fields of a version that is not there yet: a word, a number, a list, a tree, and names that need care. */
const newer = { reviewedBy: 'somebody', strength: 7, tags: ['a', null], policy: { nested: { deep: [true] }, 'a.b': 1, $odd: null } };

async function allRows(system: System): Promise<Map<string, StoredDocument>> {
  const found = new Map<string, StoredDocument>();
  for (const collection of collections)
    for (const row of await system.engine.page(collection, { limit: 1_000 })) found.set(`${collection.name} ${row.id}`, row);
  return found;
}

/** Every row there is, as if the newer version had written it. What this version writes meanwhile, as counts of limits, is not among them. */
async function upgradeRows(system: System): Promise<Set<string>> {
  const upgraded = new Set<string>();
  for (const collection of collections)
    for (const { id } of await system.engine.page(collection, { limit: 1_000 }))
      if ((await system.engine.updateIf(collection, id, {}, { set: newer }, 'after')) !== null) upgraded.add(`${collection.name} ${id}`);
  return upgraded;
}

async function workOn(system: System): Promise<void> {
  const status = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;
  const [kept, gone] = [await login(system), await login(system, { login: 'carol' })];
  const [client, secrets, standing] = [await register(system), pkce(), openBrowser()];
  await standing.get(authorizeUrl(system, client, secrets));
  await signIn(standing, 'alice');
  const waiting = { client, secrets: pkce() };
  const answer = await consent(openBrowser(), authorizeUrl(system, client, waiting.secrets));

  const occasional = [occasionalRows(), directoryRows()];
  for (const rows of occasional) await rows.write(system.engine);

  const written = await upgradeRows(system);
  for (const { name } of collections.filter((each) => !['authority_changes', 'rate_windows'].includes(each.name)))
    expect([name, [...written].some((key) => key.startsWith(`${name} `))]).toEqual([name, true]);
  // From here on this version works with them, started anew so that nothing is remembered.
  await system.restart();

  const { client_id, redirect_uri } = client;
  const exchange = async (code: string | null, { code_verifier }: ReturnType<typeof pkce>) =>
    (await redeem(system, { client_id, redirect_uri, code: code ?? '', code_verifier })).status;
  expect(await exchange(answer.searchParams.get('code'), waiting.secrets)).toBe(200);
  await standing.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
  expect(await exchange(standing.location?.searchParams.get('code') ?? null, secrets)).toBe(200);
  const next = await refresh(system, kept.client, kept.tokens.refresh_token);
  expect(next.status).toBe(200);
  expect([await status(kept), await status({ ...kept, tokens: (await next.json()) as Tokens })]).toEqual([200, 200]);
  await postForm(`${system.issuer}/revoke`, { token: gone.tokens.refresh_token, client_id: gone.client.client_id });
  expect(await status(gone)).toBe(401);
  // The same person and client once more: users, memberships and clients are brought up to date.
  expect(await status(await login(system, { client: kept.client }))).toBe(200);
  for (const rows of occasional) await rows.workWith(system.engine);
  await system.tend();

  const rows = await allRows(system);
  const lost = [...written].filter((key) => {
    const row = rows.get(key);
    return row !== undefined && JSON.stringify(Object.keys(newer).map((name) => row[name])) !== JSON.stringify(Object.values(newer));
  });
  expect(lost).toEqual([]);
  expect([...written].filter((key) => !rows.has(key))).toEqual([]);
  expect(rows.size).toBeGreaterThan(written.size);
}

describe('rows of a newer version in the embedded store', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, slow);
  afterAll(() => system.close(), slow);

  it('[F25] are read, worked with and kept whole', () => workOn(system), slow);
});

needs('mongodb', 'rows of a newer version in MongoDB', () => {
  let server: MongoServer;
  let system: System;
  const before = process.env['TEST_STORE_URL'];
  beforeAll(async () => {
    server = await startMongo();
    process.env['TEST_STORE_URL'] = server.url('versions');
    system = await startSystem();
  }, slow);
  afterAll(async () => {
    process.env['TEST_STORE_URL'] = before ?? '';
    await system.close();
    await server.close();
  }, slow);

  it('[F25] are read, worked with and kept whole', () => workOn(system), slow);
});
