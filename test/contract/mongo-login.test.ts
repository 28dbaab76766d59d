import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections } from '../../src/stores/collections.ts';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { callTool, login, refresh, type SignedIn, type Tokens } from '../support/client.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { startSystem, type System } from '../support/system.ts';

needs('mongodb', 'the whole system over MongoDB', () => {
  let server: MongoServer;
  let engine: DocumentEngine;
  let system: System;
  let who: SignedIn;

  beforeAll(async () => {
    server = await startMongo();
    const url = server.url(server.database());
    engine = await openMongoEngine({ url, collections, clock: systemClock });
    system = await startSystem({
      configure: (config) => ({ ...config, store: url }),
      wrapEngine: () => engine,
    });
    who = await login(system, { login: 'alice', tenant: 'acme', scope: ['read', 'write'] });
  }, 60_000);
  afterAll(async () => {
    await system.close();
    await engine.close();
    await server.close();
  });

  it('a person signs in, calls a tool, and is still there after a refresh', async () => {
    expect((await callTool(system, who.tokens.access_token, 'whoami')).status).toBe(200);
    const renewed = (await (await refresh(system, who.client, who.tokens.refresh_token)).json()) as Tokens;
    expect((await callTool(system, renewed.access_token, 'whoami')).status).toBe(200);
  });

  it('fifty refreshes of one token at once all get the same successor', async () => {
    const fresh = await login(system, { login: 'alice', tenant: 'acme', scope: ['read'] });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => (await refresh(system, fresh.client, fresh.tokens.refresh_token)).json() as Promise<Tokens>),
    );
    expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    expect((await callTool(system, answers[0]?.access_token ?? '', 'whoami')).status).toBe(200);
  });
});
