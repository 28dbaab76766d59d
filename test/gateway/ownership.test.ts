/** A tool that some may use on anything and others on what is theirs: the server behind the gateway is told which. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { callTool, openGatewayWorld, post } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';
import { headerValues } from '../support/recorder-mcp.ts';

const owned = { scopes: ['notes:write'], permissions: ['notes.delete'], ownPermissions: ['notes.delete.own'] };
const scopes = ['notes:read', 'notes:write'];
const writer = ['notes.read', 'notes.write'];

let world: GatewayWorld;
beforeAll(async () => {
  world = await openGatewayWorld({
    limits: { recheck: 20 },
    resources: (standard) => [{ ...standard, tools: new Map([...standard.tools, ['delete_notes', owned]]) }],
  });
});
beforeEach(() => world.reset());
afterAll(() => world.close());

/** What the server was told of the latest call. */
async function told(): Promise<Readonly<Record<string, unknown>>> {
  const [assertion = ''] = headerValues(world.recorder.requests.at(-1), 'Drawbridge-Assertion');
  return (await world.signer.verify('drawbridge-assertion+jwt', assertion)) ?? {};
}

it('each call says which it is, also where the roles are the same, and calls of other tools say nothing [UP-09]', async () => {
  world.allow([...writer, 'notes.delete.own'], scopes);
  await post(world, callTool('delete_notes'));
  expect(await told()).toMatchObject({ ownership: 'own', permissions: [...writer, 'notes.delete.own'] });
  await post(world, callTool('add_note'));
  expect(await told()).not.toHaveProperty('ownership');
  world.allow([...writer, 'notes.delete'], scopes);
  await post(world, callTool('delete_notes'));
  expect(await told()).toMatchObject({ ownership: 'any', permissions: [...writer, 'notes.delete'] });
  expect(world.audit.map(({ rule }) => rule)).toEqual([
    'tool delete_notes: scope notes:write; permission notes.delete.own, on what is theirs',
    'tool add_note: scope notes:write; permission notes.write',
    'tool delete_notes: scope notes:write; permission notes.delete',
  ]);
});

it('whoever holds neither is refused, and nothing reaches the server [UP-09] [G2.10]', async () => {
  const response = await post(world, callTool('delete_notes'));
  expect(await response.json()).toMatchObject({ error: { code: -32003, data: { roles_needed: ['admin'] } } });
  expect(world.recorder.requests).toHaveLength(0);
});

it.each([
  ['ends once it is only for what is theirs', ['notes.delete'], ['notes.delete.own'], 401],
  ['goes on where it is the same', ['notes.delete.own'], ['notes.delete.own', 'notes.read'], 200],
  ['goes on where it is for more', ['notes.delete.own'], ['notes.delete'], 200],
])('a call under way %s [W97]', async (_, before, after, status) => {
  world.allow([...writer, ...before], scopes);
  world.recorder.respond = (request, res) => {
    world.allow([...writer, ...after], scopes);
    const answer = { jsonrpc: '2.0', id: (JSON.parse(request.body) as { id: number }).id, result: { content: [] } };
    setTimeout(() => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer)), 400);
  };
  expect((await post(world, callTool('delete_notes'))).status).toBe(status);
  expect(world.recorder.requests).toHaveLength(1);
});
