import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { unboundRoutes } from '../../src/compose-administration.ts';
import fc from 'fast-check';
import type { AdminContract } from '../../src/http/admin/contract.ts';
import { takesBody } from '../../src/http/admin/contract.ts';
import { openApiDocument } from '../../src/http/admin/openapi.ts';
import { users } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { login, register } from '../support/client.ts';
import { grantOf } from '../support/codes.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

const routes = unboundRoutes();
const contracts = routes.map(({ contract }) => contract);
const reference = openApiDocument(routes) as { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };

let system: System;
let token = '';
/** What is there, so that more than the first check is met. */
let there: Record<string, unknown[]> = {};

beforeAll(async () => {
  system = await startSystem({ configure: administered });
  token = (await signInAs(system, 'platform')).tokens.access_token;
  // Apps that say the same of themselves are the same app: this one is withdrawn, and not the one that asks.
  const client = await register(system, { client_name: 'Another app' });
  const bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'], client });
  const grant = await grantOf(system, bob);
  const known = (await system.engine.page(users)).filter(({ email }) => String(email).startsWith('bob')).map(({ id }) => id);
  const invited = (await ask(system, 'POST', '/tenants/acme/invitations', { token, body: { role: 'admin' } })).body as { id: string };
  there = {
    invitation: [invited.id],
    tenant: ['acme', 'initech'],
    user: known,
    role: ['viewer', 'admin'],
    grant: [String(grant['id'])],
    client: [String(grant['clientKey'])],
    connection: ['demo'],
    format: ['csv', 'jsonl'],
    limit: ['1', '200'],
    stage: ['live'],
    since: ['0'],
    until: ['1'],
    defaultRole: [null],
    rules: [system.config.tenants[0]?.rules ?? []],
    losing: [null, 0],
    mayLockOut: [false],
    imagined: [{ connection: 'demo', groups: ['sales'] }],
  };
});
afterAll(() => system.close());

const hostile = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '..',
    '%00',
    '$where',
    '__proto__',
    '{"$gt":""}',
    '-1',
    '1e99',
    '9'.repeat(400),
    '\u202e',
    'constructor',
    "' OR 1=1--",
    '0',
  ),
);
const valueOf = (name: string) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...(there[name] ?? ['x'])) },
    { weight: 1, arbitrary: hostile as fc.Arbitrary<unknown> },
  );

/** Every member now and then, and now and then one nobody declared. */
const membersOf = (names: readonly string[], stray: fc.Arbitrary<unknown>, known: (name: string) => fc.Arbitrary<unknown>) =>
  fc
    .tuple(
      fc.record(Object.fromEntries(names.map((name) => [name, fc.option(known(name), { nil: undefined, freq: 2 })]))),
      fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.tuple(hostile, stray) }),
    )
    .map(([values, extra]) =>
      Object.fromEntries([...Object.entries(values).filter(([, value]) => value !== undefined), ...(extra === null ? [] : [extra])]),
    );

const bodyOf = (contract: AdminContract): fc.Arbitrary<unknown> => {
  if (!takesBody(contract)) return fc.constant(undefined);
  const shape = (contract.input.shape.body as { shape?: Record<string, unknown> }).shape ?? { user: null, imagined: null };
  const value = (name: string) => fc.oneof({ weight: 6, arbitrary: valueOf(name) }, fc.jsonValue());
  return fc.oneof({ weight: 4, arbitrary: membersOf(Object.keys(shape), fc.jsonValue(), value) }, fc.jsonValue(), hostile);
};

const requestOf = (contract: AdminContract) =>
  fc.record({
    contract: fc.constant(contract),
    path: fc.record(Object.fromEntries(Object.keys(contract.input.shape.path.shape).map((name) => [name, valueOf(name)]))),
    query: membersOf(Object.keys(contract.input.shape.query.shape), hostile, valueOf),
    body: bodyOf(contract),
    ifMatch: fc.oneof(
      { weight: 6, arbitrary: fc.constant(contract.wantsVersion === true ? '"1"' : null) },
      { weight: 1, arbitrary: fc.constantFrom('"0"', '"1"', '*', 'W/"1"', '"x"', '1') },
    ),
  });

it('nothing anybody sends is our fault, and every answer is one the reference has [W121] [W125]', async () => {
  const seen = new Map<string, Set<number>>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...contracts).chain(requestOf), async ({ contract, path, query, body, ifMatch }) => {
      const filled = contract.path
        .replace('/admin/api', '')
        .replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
      const asked = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString();
      const headers = ifMatch === null ? {} : { 'If-Match': ifMatch };
      const answer = await ask(system, contract.method.toUpperCase(), `${filled}${asked === '' ? '' : `?${asked}`}`, {
        token,
        body,
        headers,
      });
      const route = `${contract.method} ${contract.path}`;
      // A path of dots is resolved by whoever sends it, and then means something else.
      if (!Object.values(path).some((value) => /^\.{1,2}$/.test(String(value)))) {
        const declared = Object.keys(reference.paths[contract.path]?.[contract.method]?.responses ?? {});
        expect([route, answer.status, [...declared, '413', '415'].includes(String(answer.status))]).toEqual([route, answer.status, true]);
      }
      expect(answer.status).toBeLessThan(500);
      if (answer.status >= 400)
        expect(answer.body).toMatchObject({ status: answer.status, detail: expect.any(String), request_id: expect.any(String) });
      seen.set(route, (seen.get(route) ?? new Set()).add(answer.status));
    }),
    { numRuns: 1000, seed: 119 },
  );
  const succeeded = [...seen].filter(([, statuses]) => [...statuses].some((status) => status < 300)).map(([route]) => route);
  expect(contracts.map(({ method, path }) => `${method} ${path}`).filter((route) => !succeeded.includes(route))).toEqual([]);
  expect(system.lines.filter((line) => line.includes('"fault"'))).toEqual([]);
}, 120_000);
