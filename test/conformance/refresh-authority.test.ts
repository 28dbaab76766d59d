import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { RoleId } from '../../src/domain/ids.ts';
import { clientKey } from '../../src/domain/seen-client.ts';
import { putInto } from '../support/roles-now.ts';
import { seenClients, users } from '../../src/stores/collections.ts';
import { grantOf } from '../support/codes.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { callTool, claimsOf, login, refresh } from '../support/client.ts';
import { announce } from '../support/past-the-broker.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let original: Config;

beforeAll(async () => {
  system = await startSystem();
  original = system.config;
});
afterEach(async () => {
  if (system.config !== original) await system.restart(() => original);
});
afterAll(() => system.close());

async function renew(who: SignedIn, tokens: Tokens = who.tokens): Promise<Tokens> {
  const response = await refresh(system, who.client, tokens.refresh_token);
  const body = (await response.json()) as Tokens;
  if (response.status !== 200) throw new Error(`refresh refused: ${JSON.stringify(body)}`);
  return body;
}

const attempt = async (who: SignedIn) => {
  const response = await refresh(system, who.client, who.tokens.refresh_token);
  return [response.status, ((await response.json()) as { error?: string }).error];
};
const works = async (tokens: Tokens) => (await callTool(system, tokens.access_token, 'whoami')).status;

/** Acme's rule for engineers gives another role, whenever they signed in. */
const engineersAre =
  (role: string) =>
  (config: Config): Config => ({
    ...config,
    tenants: config.tenants.map((tenant) => ({
      ...tenant,
      rules: tenant.rules.map((rule) => (tenant.id === 'acme' && rule.group === 'eng' ? { ...rule, role: RoleId.parse(role) } : rule)),
    })),
  });

describe('what the roles allow is asked anew at each rotation', () => {
  it('a demotion shows in the next token and at the gateway at once, a promotion as far as was approved [AB-12] [AB-14] [A11.08]', async () => {
    const who = await login(system);
    expect(who.tokens.scope).toBe('read write');
    await system.restart(engineersAre('viewer'));
    const demoted = await renew(who);
    expect([demoted.scope, claimsOf(demoted.access_token)['scope']]).toEqual(['read', 'read']);
    const refused = await callTool(system, who.tokens.access_token, 'add_note', { text: 'x' });
    expect(await refused.text()).not.toContain('"result"');
    await system.restart(engineersAre('admin'));
    const promoted = await renew(who, demoted);
    expect(promoted.scope).toBe('read write');
    expect(await (await callTool(system, promoted.access_token, 'delete_notes')).text()).toContain('"result"');
  });

  it('what was not approved is not given with any role [AB-07] [AB-14]', async () => {
    const who = await login(system, { scope: ['read'] });
    await system.restart(engineersAre('admin'));
    await login(system, { scope: ['read'] });
    expect((await renew(who)).scope).toBe('read');
  });

  it('a role that allows less allows less at once, without a sign-in [A11.08]', async () => {
    const who = await login(system);
    await system.restart((config) => ({
      ...config,
      roles: config.roles.map((role) => (role.id === 'editor' ? { ...role, permissions: ['notes:read'] } : role)),
    }));
    expect((await renew(who)).scope).toBe('read');
  });
});

describe('what was taken away since', () => {
  const rowOf = async (who: SignedIn) => {
    const { userId, identityId } = await grantOf(system, who);
    return { user: String(userId), identity: String(identityId) };
  };

  it.each<[string, string, (who: SignedIn) => Promise<() => Promise<unknown>>]>([
    [
      'the person is disabled',
      'invalid_grant',
      async (who) => {
        const { user } = await rowOf(who);
        const set = (status: string) => system.engine.updateIf(users, user, {}, { set: { status } }, 'after');
        await set('disabled');
        return () => set('active');
      },
    ],
    [
      'the group is lost',
      'invalid_grant',
      async (who) => {
        const { user } = await rowOf(who);
        await putInto(system.engine, user, []);
        return () => putInto(system.engine, user, ['eng']);
      },
    ],
    [
      'the client was withdrawn',
      'invalid_client',
      async (who) => {
        const key = clientKey(who.client.client_id);
        const set = (status: string) => system.engine.updateIf(seenClients, key, {}, { set: { status } }, 'after');
        await set('withdrawn');
        return () => set('allowed');
      },
    ],
    ...(
      [
        ['the tenant is gone', (config) => ({ ...config, tenants: config.tenants.filter((tenant) => tenant.id !== 'acme') })],
        [
          'the tenant demands more now',
          (config) => ({ ...config, tenants: config.tenants.map((tenant) => ({ ...tenant, requireMfa: true })) }),
        ],
        [
          'the connection is gone',
          (config) => ({ ...config, connections: config.connections.map((each) => ({ ...each, id: 'other' as typeof each.id })) }),
        ],
        [
          'the resource is gone',
          (config) => ({ ...config, resources: config.resources.map((each) => ({ ...each, identifier: `${config.issuer}/elsewhere` })) }),
        ],
        ['the role is gone', (config) => ({ ...config, roles: config.roles.filter((role) => role.id !== 'editor') })],
      ] as [string, (config: Config) => Config][]
    ).map(([what, change]): [string, string, () => Promise<() => Promise<unknown>>] => [
      what,
      'invalid_grant',
      async () => {
        await system.restart(change);
        return () => system.restart(() => original);
      },
    ]),
  ])('%s: refused, at the gateway too, and whoever gets it back goes on [W97]', async (what, error, take) => {
    const who = await login(system);
    expect(await works(who.tokens)).toBe(200);
    const { id } = await grantOf(system, who);
    const { user, identity } = await rowOf(who);
    const tell = () =>
      announce(
        system,
        { kind: 'grant', key: String(id) },
        { kind: 'user', key: user },
        { kind: 'identity', key: identity },
        { kind: 'client', key: who.client.client_id },
      );
    const giveBack = await take(who);
    await tell();
    expect(await attempt(who)).toEqual([400, error]);
    expect(await works(who.tokens)).toBe(what === 'the resource is gone' ? 404 : 401);
    expect(await grantOf(system, who)).toMatchObject({ stage: 'live', generation: 1 });
    await giveBack();
    await tell();
    expect(await works(await renew(who))).toBe(200);
  });
});

describe('a resource with an end to every grant', () => {
  it('ends it however much it is used [A11.06]', async () => {
    await system.restart((config) => ({ ...config, resources: config.resources.map((each) => ({ ...each, refreshAbsoluteDays: 2 })) }));
    let tokens = (await login(system)).tokens;
    const who = { ...(await login(system)) };
    tokens = who.tokens;
    const hours = 3_600_000;
    for (let hour = 0; hour < 47; hour += 12) {
      tokens = await renew(who, tokens);
      system.clock.advance(12 * hours - 1000);
    }
    const last = await refresh(system, who.client, tokens.refresh_token);
    system.clock.advance(8000);
    const over = await refresh(system, who.client, ((await last.json()) as Tokens).refresh_token);
    system.clock.advance(-4 * (12 * hours - 1000) - 8000);
    expect([last.status, over.status]).toEqual([200, 400]);
  });
});
