/** A revision of the policy that changes what a tool asks for, and nothing else: it counts for what has not been judged yet and for what is under way. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Resource } from '../../src/domain/resource.ts';
import { callTool, GRANT, makeStanding, openGatewayWorld, post } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';

let world: GatewayWorld;
beforeAll(async () => {
  world = await openGatewayWorld({ limits: { recheck: 20 } });
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const scopes = ['notes:read', 'notes:write'];
const holding = (permissions: readonly string[]) => makeStanding(world.resource, { permissions, scope: scopes });

/** Another revision of the resource, or none of it. */
const revise = (change: (resource: Resource) => Resource | null): void => {
  const next = change(world.resource);
  world.addresses = new Map(next === null ? [] : [[next.identifier, next]]);
};
const stricter = (resource: Resource): Resource => ({
  ...resource,
  tools: new Map([...resource.tools, ['add_note', { scopes: ['notes:write'], permissions: ['notes.delete'] }]]),
});

it.each<[string, (resource: Resource) => Resource | null, number]>([
  ['that asks for more is what counts', stricter, -32_003],
  ['without the address leaves nobody in', () => null, 0],
])('one that comes while it is asked who calls, and %s [W97]', async (_, change, code) => {
  world.standings.set(GRANT, async () => {
    revise(change);
    return Promise.resolve(holding(['notes.read', 'notes.write']));
  });
  const response = await post(world, callTool('add_note'));
  if (code === 0) expect(response.status).toBe(401);
  else expect(await response.json()).toMatchObject({ error: { code } });
  expect(world.recorder.requests).toHaveLength(0);
});

it.each<[string, (resource: Resource) => Resource | null, number]>([
  ['that asks for more ends it', stricter, 401],
  ['without the address ends it', () => null, 401],
  ['that says the same leaves it alone', (resource) => ({ ...resource }), 200],
])('one that comes while a call is under way and %s [W97]', async (_, change, status) => {
  world.allow(['notes.read', 'notes.write'], scopes);
  world.recorder.respond = (request, res) => {
    revise(change);
    const answer = { jsonrpc: '2.0', id: (JSON.parse(request.body) as { id: number }).id, result: { content: [] } };
    setTimeout(() => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer)), 400);
  };
  expect((await post(world, callTool('add_note'))).status).toBe(status);
  expect(world.recorder.requests).toHaveLength(1);
});
