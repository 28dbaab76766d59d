/** Made of every route there is: with the ids of another tenant, in whatever place, there is nothing, and nothing changes. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { unboundRoutes } from '../../src/compose-administration.ts';
import type { AdminContract } from '../../src/http/admin/contract.ts';
import { takesBody } from '../../src/http/admin/contract.ts';
import { auditEvents, collections } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import type { Answered } from '../support/administration.ts';
import { login, register } from '../support/client.ts';
import { grantOf } from '../support/codes.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

type Ids = Readonly<Record<string, string>>;

const contracts = unboundRoutes()
  .map(({ contract }) => contract)
  .filter(({ path }) => path.includes('{tenant}'));
const routeOf = ({ method, path }: AdminContract) => `${method} ${path}`;

let system: System;
let [token, theirToken] = ['', ''];
let [ours, theirs]: [Ids, Ids] = [{}, {}];

/** Bob and an app of his here, Erin and hers there; each tenant with an invitation and a way to sign in that leads nowhere else. */
beforeAll(async () => {
  system = await startSystem({
    configure: (config) => {
      const { tenants, ...rest } = administered(config);
      const [first] = config.connections;
      if (first === undefined) throw new Error('the demonstration has a connection');
      const through = (connection: string) => ({ connection, group: 'nobody', role: 'viewer' });
      return {
        ...rest,
        connections: [first, { ...first, id: 'ours' as never }, { ...first, id: 'theirs' as never }],
        tenants: tenants.map((tenant) => {
          const own = tenant.rules.map((rule) => ({ ...rule, connection: first.id }));
          return { ...tenant, rules: [...own, through(tenant.id === 'acme' ? 'ours' : 'theirs') as never] };
        }),
      };
    },
  });
  const idsOf = async (tenant: string, who: string, admin: string): Promise<Ids> => {
    const client = await register(system, { client_name: `App of ${who}` });
    const grant = await grantOf(system, await login(system, { login: who, tenant, scope: ['read'], client }));
    const { body } = await ask(system, 'POST', `/tenants/${tenant}/invitations`, { token: admin, body: { role: 'admin' } });
    const [user, id, key] = ['userId', 'id', 'clientKey'].map((name) => String(grant[name])) as [string, string, string];
    const connection = tenant === 'acme' ? 'ours' : 'theirs';
    return { tenant, user, grant: id, client: key, role: 'viewer', invitation: String((body as { id: string }).id), connection };
  };
  token = (await signInAs(system, 'admin of acme')).tokens.access_token;
  theirToken = (await signInAs(system, 'admin of initech')).tokens.access_token;
  ours = await idsOf('acme', 'bob', token);
  theirs = await idsOf('initech', 'erin', theirToken);
  const { rules } = (await ask(system, 'GET', '/tenants/acme/rules', { token })).body as { rules: readonly unknown[] };
  bodies['put /admin/api/tenants/{tenant}/rules'] = bodies['post /admin/api/tenants/{tenant}/rules/preview'] = {
    rules: [...rules, { connection: 'ours', group: 'more', role: 'viewer' }],
  };
});
afterAll(() => system.close());

/** Bodies that are understood. */
const bodies: Record<string, unknown> = {
  'put /admin/api/tenants/{tenant}/members/{user}/roles/{role}': { connection: 'demo' },
  'post /admin/api/tenants/{tenant}/invitations': { role: 'admin' },
  'post /admin/api/tenants/{tenant}/lab': { imagined: { connection: 'demo', groups: ['eng'] } },
};

async function request(contract: AdminContract, ids: Ids, by = token): Promise<Answered> {
  const path = contract.path.replace('/admin/api', '').replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
  const headers: Record<string, string> = contract.wantsVersion === true ? { 'If-Match': '"1"' } : {};
  const body = takesBody(contract) ? { body: bodies[routeOf(contract)] ?? {} } : {};
  const query = contract.files === undefined ? '' : '?format=jsonl';
  return ask(system, contract.method.toUpperCase(), `${path}${query}`, { token: by, headers, ...body });
}

/** Everything that is stored but the record, which tells of what is asked, and what counts requests. */
const stored = async (): Promise<string> => {
  const kept = collections.filter(({ name }) => name !== auditEvents.name && name !== 'rate_windows');
  return JSON.stringify(await Promise.all(kept.map(async (each) => [each.name, await system.engine.page(each, { limit: 1000 })])));
};

const members = ({ path }: AdminContract) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
/** Roles are for all tenants. */
const isTenantBound = (name: string) => name !== 'tenant' && name !== 'role';

it('in the path of another tenant nothing is there, with its own ids and with ours [W120] [W72]', async () => {
  const before = await stored();
  for (const contract of contracts) {
    for (const ids of [theirs, { ...ours, tenant: 'initech' }]) {
      const { status, body } = await request(contract, ids);
      expect([routeOf(contract), status, JSON.stringify(body)]).toEqual([routeOf(contract), 404, expect.not.stringContaining('erin')]);
    }
  }
  expect(await stored()).toBe(before);
});

it('in the own path nothing of another tenant is there by its id, wherever an id stands [W120]', async () => {
  const before = await stored();
  const bound = contracts.filter((contract) => members(contract).some(isTenantBound));
  expect(bound.length).toBeGreaterThan(6);
  for (const contract of bound) {
    const ids = {
      ...ours,
      ...Object.fromEntries(
        members(contract)
          .filter(isTenantBound)
          .map((name) => [name, theirs[name] ?? '']),
      ),
    };
    const { status } = await request(contract, ids);
    expect([routeOf(contract), status]).toEqual([routeOf(contract), 404]);
  }
  expect(await stored()).toBe(before);
});

it('what is listed, found or exported names nobody and nothing of another tenant [W120]', async () => {
  const foreign = [theirs['user'], theirs['grant'], theirs['client'], theirs['invitation'], 'erin@', 'Initech'].map(String);
  for (const contract of contracts.filter(({ method }) => method === 'get')) {
    if (members(contract).some(isTenantBound)) continue;
    const { status, body } = await request(contract, ours);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect([routeOf(contract), status, foreign.filter((each) => text.includes(each))]).toEqual([routeOf(contract), 200, []]);
  }
  for (const query of [`audit?user=${theirs['user'] ?? ''}`, `grants?user=${theirs['user'] ?? ''}`]) {
    const { status, body } = await ask(system, 'GET', `/tenants/acme/${query}`, { token });
    expect([query, status, foreign.filter((each) => JSON.stringify(body).includes(each))]).toEqual([query, 200, []]);
  }
});

it('with the own ids each of these requests does what it is for', async () => {
  for (const contract of contracts) {
    const { status } = await request(contract, ours);
    const isDone = status === 200 || status === 204;
    // Enabling who is enabled, or taking a role that nobody gave, is understood as well.
    expect([routeOf(contract), isDone || status === 409 ? 'understood' : status]).toEqual([routeOf(contract), 'understood']);
    if (contract.path.endsWith('/disable')) await request(contracts.find(({ path }) => path.endsWith('/enable')) ?? contract, ours);
  }
});
