import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { collections } from '../../src/stores/collections.ts';
import { grantOf } from '../support/codes.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { callTool, claimsOf, login, refresh, register } from '../support/client.ts';
import { hookEngine } from '../support/slow-engine.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let trouble: ((operation: string, when: 'before' | 'after') => void) | null = null;

beforeAll(async () => {
  system = await startSystem({
    configure: (config) => ({ ...config, limits: { ...config.limits, tokenFailuresPerMinute: 1_000_000 } }),
    wrapEngine: (engine: DocumentEngine) => hookEngine(engine, (operation, when) => trouble?.(operation, when)),
  });
});
afterAll(() => system.close());

const day = 86_400_000;

/** Runs something as if later; sign-ins at the identity provider need the true time, so the clock is put back. */
async function travelling(work: (wait: (ms: number) => void) => Promise<void>): Promise<void> {
  let travelled = 0;
  try {
    await work((ms) => {
      travelled += ms;
      system.clock.advance(ms);
    });
  } finally {
    system.clock.advance(-travelled);
  }
}

async function renew(
  who: SignedIn,
  tokens: Pick<Tokens, 'refresh_token'> = who.tokens,
  more: Record<string, string> = {},
): Promise<Tokens> {
  const response = await refresh(system, who.client, tokens.refresh_token, more);
  const body = (await response.json()) as Tokens;
  if (response.status !== 200) throw new Error(`refresh refused: ${response.status} ${JSON.stringify(body)}`);
  return body;
}

async function refused(who: SignedIn, tokens: Pick<Tokens, 'refresh_token'>, more: Record<string, string> = {}): Promise<string> {
  const response = await refresh(system, who.client, tokens.refresh_token, more);
  return `${response.status} ${((await response.json()) as { error: string }).error}`;
}

const works = async (tokens: Pick<Tokens, 'access_token'>) => (await callTool(system, tokens.access_token, 'whoami')).status;

async function eventsOf(who: SignedIn): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const chain of readAuditChains(system.engine)) events.push(...chain.map((record) => record.event));
  const grantId = claimsOf(who.tokens.access_token)['grant_id'];
  return events.filter((event) => event.grantId === grantId);
}

describe('rotation', () => {
  it('gives another token each time, silently, for as long as it is used [A11.03] [UP-06] [AM-33]', async () => {
    const who = await login(system);
    const seen = [who.tokens];
    for (let round = 0; round < 5; round += 1) seen.push(await renew(who, seen.at(-1)));
    expect(new Set(seen.map((tokens) => tokens.refresh_token)).size).toBe(6);
    expect(new Set(seen.map((tokens) => tokens.access_token)).size).toBe(6);
    expect(await works(seen.at(-1) as Tokens)).toBe(200);
    expect((await eventsOf(who)).filter(({ event }) => event === 'token.refreshed')).toHaveLength(5);
  });

  it('the token has the prefix of the house and lives thirty days without use [CH-06] [CH-07] [AM-14] [AM-17]', async () => {
    const who = await login(system);
    expect(who.tokens.refresh_token).toMatch(/^db_rt_/);
    await travelling(async (wait) => {
      wait(30 * day - 60_000);
      const next = await renew(who);
      wait(30 * day - 60_000);
      const another = await renew(who, next);
      expect(another.scope).toBe(who.tokens.scope);
      wait(30 * day + 1000);
      expect(await refused(who, another)).toBe('400 invalid_grant');
      expect(await works(another)).toBe(401);
    });
  });

  it('a reply that was lost is had again: the same successor, and both processes go on [A11.05]', async () => {
    const who = await login(system);
    await refresh(system, who.client, who.tokens.refresh_token);
    const again = await renew(who);
    const further = await renew(who, again);
    await travelling(async (wait) => {
      wait(60_000);
      // A slow process that still holds the first token though others have rotated twice.
      const slow = await renew(who);
      expect(slow.refresh_token).toBe(again.refresh_token);
      expect((await renew(who, slow)).refresh_token).toBe(further.refresh_token);
      expect(await works(slow)).toBe(200);
    });
  });

  it('a replaced token after its grace is theft: everything of the grant ends, here and at the gateway, and it is written down [A11.04]', async () => {
    const who = await login(system);
    const newer = await renew(who);
    await travelling(async (wait) => {
      wait(121_000);
      expect(await works(newer)).toBe(200);
      expect(await refused(who, who.tokens)).toBe('400 invalid_grant');
      expect(await works(newer)).toBe(401);
      expect(await works(who.tokens)).toBe(401);
      expect(await refused(who, newer)).toBe('400 invalid_grant');
    });
    expect((await eventsOf(who)).at(-1)).toMatchObject({ event: 'grant.ended', tenantId: 'acme', rule: expect.stringContaining('grace') });
    expect(await works((await login(system)).tokens)).toBe(200);
  });

  it('nothing of a token is stored, only which generation is good [A11.09]', async () => {
    const who = await login(system);
    const newer = await renew(who);
    expect(await grantOf(system, who)).toMatchObject({ generation: 2 });
    const stored = JSON.stringify(await Promise.all(collections.map((collection) => system.engine.page(collection, { limit: 1000 }))));
    for (const { refresh_token } of [who.tokens, newer]) {
      expect(refresh_token.split('.').at(-1)).toMatch(/^[\w-]{43}$/);
      expect(stored + system.lines.join('')).not.toContain(refresh_token.split('.').at(-1));
    }
  });
});

describe('a restart in between', () => {
  it('strands nobody and forgets nothing: the same successor inside the grace, theft after it [W96]', async () => {
    const [who, thief] = [await login(system), await login(system)];
    const [newer, stolen] = [await renew(who), await renew(thief)];
    await system.restart();
    expect(await works(newer)).toBe(200);
    expect((await renew(who)).refresh_token).toBe(newer.refresh_token);
    const next = await renew(who, newer);
    await system.restart();
    await travelling(async (wait) => {
      wait(125_000);
      expect(await refused(thief, thief.tokens)).toBe('400 invalid_grant');
      expect(await refused(thief, stolen)).toBe('400 invalid_grant');
      expect(await works((await renew(who, next)) as Tokens)).toBe(200);
    });
  });
});

describe('whose token, and for what', () => {
  it('another client gets nothing for it and does no harm by trying [A11.07] [W97]', async () => {
    const who = await login(system);
    const thief = { ...who, client: await register(system, { client_name: 'Thief' }) };
    expect(await refused(thief, who.tokens)).toBe('400 invalid_grant');
    expect(await works(who.tokens)).toBe(200);
    await renew(who);
  });

  it('scope shrinks on request, comes back, and never grows [A9.07] [A11.06] [W97]', async () => {
    const who = await login(system, { scope: ['read'] });
    expect((await renew(who, who.tokens, { scope: 'read write' })).scope).toBe('read');
    const both = await login(system);
    const narrow = await renew(both, both.tokens, { scope: 'read' });
    expect(narrow.scope).toBe('read');
    expect((await callTool(system, narrow.access_token, 'add_note', { text: 'x' })).status).toBe(403);
    expect(await refused(both, narrow, { scope: 'read admin' })).toBe('400 invalid_scope');
    expect((await renew(both, narrow)).scope).toBe('read write');
  });

  it('offline_access is asked of us and is nothing to the resource [A11.10]', async () => {
    const who = await login(system, { changes: { scope: 'read write offline_access' } });
    expect(claimsOf(who.tokens.access_token)['scope']).toBe('read write');
    expect(who.tokens.scope).toBe('read write offline_access');
    const next = await renew(who);
    expect(claimsOf(next.access_token)['scope']).toBe('read write');
    expect(await works(next)).toBe(200);
  });

  it('clients that say nothing about grants get a refresh token [A11.01] [A11.02]', async () => {
    for (const metadata of [{}, { grant_types: ['authorization_code', 'refresh_token'] }]) {
      const who = await login(system, { client: await register(system, metadata) });
      expect(who.tokens.refresh_token).toMatch(/^db_rt_/);
    }
    const without = await login(system, {
      client: await register(system, { grant_types: ['authorization_code'] }),
      changes: { scope: 'read write offline_access' },
    });
    expect(without.tokens).not.toHaveProperty('refresh_token');
  });

  it('no parameter, header or refresh moves it to another tenant [AB-05] [AB-06]', async () => {
    const who = await login(system);
    const moved = await renew(who, who.tokens, { tenant: 'globex', tenant_id: 'globex', resource: system.mcp });
    expect(claimsOf(moved.access_token)['tenant']).toBe('acme');
    const globex = await login(system, { tenant: 'globex', scope: ['read'] });
    await callTool(system, moved.access_token, 'add_note', { text: 'only Acme sees this', tenant: 'globex' });
    expect(await (await callTool(system, moved.access_token, 'list_notes')).text()).toContain('only Acme sees this');
    expect(await (await callTool(system, globex.tokens.access_token, 'list_notes', { tenant: 'acme' })).text()).not.toContain('only Acme');
    expect(claimsOf((await renew(globex)).access_token)['tenant']).toBe('globex');
  });

  it('a viewer’s token cannot write, whatever was asked [AB-13]', async () => {
    const erin = await login(system, { login: 'erin', scope: ['read'] });
    expect(erin.tokens.scope).toBe('read');
    expect((await renew(erin, erin.tokens, { scope: 'read write' })).scope).toBe('read');
    expect((await callTool(system, erin.tokens.access_token, 'list_notes')).status).toBe(200);
    expect(await (await callTool(system, erin.tokens.access_token, 'add_note', { text: 'x' })).text()).not.toContain('"result"');
  });
});

describe('when the store does not answer', () => {
  const down = () => {
    throw new StoreUnavailable('down for a test');
  };

  it.each<[string, typeof trouble]>([
    ['at all', down],
    ['to reads', (operation) => (operation === 'get' ? down() : undefined)],
    ['to writes', (operation) => (operation === 'updateIf' || operation === 'insert' ? down() : undefined)],
    ['after the rotation took effect', (operation, when) => (operation === 'updateIf' && when === 'after' ? down() : undefined)],
    ['when the record is written', (operation) => (operation === 'insert' ? down() : undefined)],
  ])('%s, it is 503 and no log-out: the same token is good afterwards [A10.12]', async (_, fault) => {
    const who = await login(system);
    trouble = fault;
    const response = await refresh(system, who.client, who.tokens.refresh_token);
    trouble = null;
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    const next = await renew(who);
    expect(await grantOf(system, who)).toMatchObject({ stage: 'live', generation: 2 });
    expect(await works(next)).toBe(200);
    await renew(who, next);
  });
});
