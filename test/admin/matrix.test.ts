import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { unboundRoutes } from '../../src/compose-administration.ts';
import { takesBody } from '../../src/http/admin/contract.ts';
import { administered, ask, cast, everybodyAdministers, signInAs } from '../support/administration.ts';
import type { Asked, Part } from '../support/administration.ts';
import { login } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

const contracts = unboundRoutes().map(({ contract }) => contract);
const table = fileURLToPath(new URL('../../../test/admin/matrix.txt', import.meta.url));

const parts = Object.keys(cast) as Part[];
const scopes = { read: ['admin:read'], write: ['admin:write'], both: ['admin:read', 'admin:write'] };
type Tokens = Record<keyof typeof scopes, string>;

let system: System;
const tokens = {} as Record<Part, Tokens>;
const nobodys: Record<string, Asked> = { none: {}, garbage: { token: 'garbage' } };

beforeAll(async () => {
  // Everybody gets their tokens while they administer; what they are in the end is what counts.
  system = await startSystem({ configure: everybodyAdministers });
  for (const part of parts) {
    const signedIn = {} as Tokens;
    for (const [name, scope] of Object.entries(scopes)) {
      signedIn[name as keyof typeof scopes] = (await signInAs(system, part, scope)).tokens.access_token;
    }
    tokens[part] = signedIn;
  }
  const elsewhere = await login(system, { ...cast.platform, scope: ['read'] });
  const ended = await signInAs(system, 'platform');
  await fetch(`${system.issuer}/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: ended.client.client_id, token: ended.tokens.refresh_token }),
  });
  nobodys['another resource'] = { token: elsewhere.tokens.access_token };
  nobodys['ended'] = { token: ended.tokens.access_token };
  nobodys['cookie'] = { headers: { Cookie: `drawbridge=${tokens.platform.both}; access_token=${tokens.platform.both}` } };
  await system.restart(administered);
});
afterAll(() => system.close());

const ids: Readonly<Record<string, string>> = {
  user: 'u_somebody',
  grant: 'g'.repeat(22),
  client: 'c'.repeat(43),
  role: 'viewer',
  invitation: 'i'.repeat(22),
};

/** Everybody who gets as far as being understood is told that this parameter is not: nothing is ever done. */
async function statusOf(contract: (typeof contracts)[number], tenant: string, asked: Asked): Promise<number> {
  const path = contract.path
    .replace('/admin/api', '')
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === 'tenant' ? tenant : (ids[name] ?? '')));
  return (await ask(system, contract.method.toUpperCase(), `${path}?nonsense=1`, takesBody(contract) ? { ...asked, body: {} } : asked))
    .status;
}

async function rowOf(contract: (typeof contracts)[number]): Promise<string> {
  const cells: string[] = [];
  for (const asked of Object.values(nobodys)) cells.push(String(await statusOf(contract, 'acme', asked)));
  for (const part of parts) {
    const own: string = cast[part].tenant;
    const tenants = contract.path.includes('{tenant}') ? [own, own === 'acme' ? 'initech' : 'acme', 'nowhere'] : [own];
    for (const tenant of tenants) {
      const statuses: number[] = [];
      for (const token of Object.values(tokens[part])) statuses.push(await statusOf(contract, tenant, { token }));
      cells.push(statuses.join('/'));
    }
    for (let missing = tenants.length; missing < 3; missing += 1) cells.push('-');
  }
  return [`${contract.method} ${contract.path}`, contract.permission, ...cells].join(' | ');
}

const head = [
  'route',
  'permission',
  'none',
  'garbage',
  'another resource',
  'ended',
  'cookie',
  ...parts.flatMap((part) => [`${part}, own tenant`, 'another', 'no tenant']),
].join(' | ');

it('every route answers everybody, with every credential, in every tenant, as the table says [W119] [W120]', async () => {
  const rows = [head];
  for (const contract of contracts) rows.push(await rowOf(contract));
  const found = `${rows.join('\n')}\n`;
  if (process.env['UPDATE_MATRIX'] === '1') writeFileSync(table, found);
  expect(found.split('\n')).toEqual(readFileSync(table, 'utf8').split('\n'));
}, 120_000);

it('what the table calls understood is what is done without the nonsense', async () => {
  const token = tokens['admin of acme'].both;
  for (const contract of contracts.filter(({ method, permission }) => method === 'get' && permission !== 'drawbridge:platform')) {
    const path = contract.path.replace('/admin/api', '').replace('{tenant}', 'acme');
    if (path.includes('{')) continue;
    const query = contract.files === undefined ? '' : '?format=csv';
    expect([path, (await ask(system, 'GET', `${path}${query}`, { token })).status]).toEqual([path, 200]);
  }
});

it('takes the permission of each route and no other: an administrator of everything but one is refused there alone [W119]', async () => {
  const permissions = [...new Set(contracts.map(({ permission }) => permission))].filter(
    (name) => name !== 'drawbridge:platform' && name !== 'drawbridge:read',
  );
  expect(permissions.length).toBeGreaterThan(2);
  for (const without of permissions) {
    await system.restart((config) => ({
      ...administered(config),
      roles: administered(config).roles.map((role) => ({ ...role, permissions: role.permissions.filter((each) => each !== without) })),
    }));
    for (const contract of contracts.filter(({ permission }) => permission !== 'drawbridge:platform')) {
      const status = await statusOf(contract, 'acme', { token: tokens['admin of acme'].both });
      expect([without, contract.path, status]).toEqual([without, contract.path, contract.permission === without ? 403 : 400]);
    }
    await system.restart(everybodyAdministers);
  }
});
