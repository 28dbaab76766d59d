import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import type { Assurance } from '../../src/domain/assurance.ts';
import type { AssuranceDemand } from '../../src/domain/assurance-demand.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { nothingProven } from '../support/assurance.ts';
import { callTool, GRANT, makeStanding, openGatewayWorld, post } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';

const MODERN = '2026-07-28';
const mfa = { ...noDemand, mfa: true };
const hour = { ...noDemand, maxAge: 3600 };
const phr = { ...noDemand, phishingResistant: true };

let world: GatewayWorld;
beforeAll(async () => {
  world = await openGatewayWorld({
    limits: { recheck: 150 },
    resources: (standard) => [
      {
        ...standard,
        scopes: standard.scopes.map((scope) => (scope.name === 'notes:export' ? { ...scope, demand: hour } : scope)),
        tools: new Map([...standard.tools, ['add_note', { scopes: ['notes:write'], permissions: ['notes.write'], demand: mfa }]]),
      },
    ],
  });
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const seconds = (): number => Math.floor((Date.now() + world.ahead) / 1000);

/** The grant of somebody who may do everything and whose sign-in proved this; tenant and resource together want `demand`. */
function proves(changed: Partial<Assurance>, demand: AssuranceDemand = noDemand): void {
  const permissions = ['notes.read', 'notes.write', 'notes.delete'];
  const scope = ['notes:read', 'notes:write', 'notes:export'];
  const assurance = { ...nothingProven, ...changed };
  world.standings.set(GRANT, makeStanding(world.resource, { permissions, scope, assurance, demand }));
}

const call = async (tool: string, headers: Record<string, string> = {}): Promise<Response> =>
  post(world, callTool(tool, 7), {
    Authorization: `Bearer ${await world.token({ scope: 'notes:read notes:write notes:export' })}`,
    ...headers,
  });

const get = async (): Promise<Response> => fetch(world.endpoint, { headers: { Authorization: `Bearer ${await world.token()}` } });

describe('a call for which the sign-in proved too little', () => {
  it('is answered as RFC 9470 has it, names what keeps the client what it has, and goes no further [G2.18]', async () => {
    proves({});
    const response = await call('add_note');
    const metadata = `${world.issuer}/.well-known/oauth-protected-resource/mcp`;
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer error="insufficient_user_authentication", scope="notes:read notes:write notes:export", acr_values="urn:drawbridge:acr:mfa", resource_metadata="${metadata}", error_description="Sign in again, as it says here."`,
    ]);
    expect(extractWWWAuthenticateParams(response)).toMatchObject({ resourceMetadataUrl: new URL(metadata) });
    expect(await response.json()).toMatchObject({ id: 7, error: { code: -32006, data: { acr_values: 'urn:drawbridge:acr:mfa' } } });
    expect(world.recorder.requests).toHaveLength(0);
    expect(world.audit).toMatchObject([{ event: 'tool.refused', rule: 'tool add_note: lacks second factor' }]);
    proves({ mfa: true, evidence: ['amr=mfa'], auth_time: 1_700_000_000 });
    expect((await call('add_note')).status).toBe(200);
    expect(world.recorder.requests).toHaveLength(1);
    expect(world.audit.at(-1)).toMatchObject({ rule: expect.stringContaining('; sign-in amr=mfa, auth_time=1700000000') });
  });

  it.each<[string, string, Partial<Assurance>, AssuranceDemand, number, string | null]>([
    ['what only its scope wants', 'export_notes', { auth_time: 1 }, noDemand, 401, 'max_age="3600"'],
    ['the same, told to be recent', 'export_notes', { auth_time: Math.floor(Date.now() / 1000) - 60 }, noDemand, 200, null],
    ['the tool of another demand', 'list_notes', {}, noDemand, 200, null],
    ['all demands in one challenge', 'add_note', { mfa: true }, phr, 401, 'acr_values="urn:drawbridge:acr:phr"'],
    [
      'the strictest of two',
      'export_notes',
      { auth_time: Math.floor(Date.now() / 1000) - 600 },
      { ...noDemand, maxAge: 300 },
      401,
      'max_age="300"',
    ],
    [
      'no second factor, though its higher step is there',
      'add_note',
      { phishingResistant: true },
      noDemand,
      401,
      'acr_values="urn:drawbridge:acr:mfa"',
    ],
  ])('%s', async (_, tool, proven, demand, status, challenge) => {
    proves(proven, demand);
    const response = await call(tool);
    expect(response.status).toBe(status);
    if (challenge !== null) expect(response.headers.get('www-authenticate')).toContain(challenge);
    expect(world.recorder.requests).toHaveLength(status === 200 ? 1 : 0);
  });

  it('a role or a scope that is missing is said first, since no sign-in helps with those [G2.10]', async () => {
    const scope = ['notes:read'];
    world.standings.set(GRANT, makeStanding(world.resource, { permissions: ['notes.read', 'notes.write'], scope }));
    expect((await call('add_note')).headers.get('www-authenticate')).toContain('insufficient_scope');
    world.standings.set(GRANT, makeStanding(world.resource, { permissions: ['notes.read'], scope }));
    expect(await (await call('add_note')).json()).toMatchObject({ error: { code: -32003 } });
  });

  it('a tool stays in the list: calling it is how the client comes to prove more', async () => {
    proves({});
    const list = await post(world, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(await list.text()).toContain('"add_note"');
  });
});

describe('a demand of the tenant or the resource', () => {
  it.each([
    ['a tool without a demand', callTool('whoami')],
    ['the list of tools', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
    ['opening a session', { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } }],
    ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
    ['a ping', { jsonrpc: '2.0', id: 1, method: 'ping' }],
  ])('holds for %s [S3.07]', async (_, message) => {
    proves({}, mfa);
    const refused = await post(world, message);
    expect([refused.status, world.recorder.requests.length]).toEqual([401, 0]);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');
    expect(refused.headers.get('www-authenticate')).toContain('acr_values="urn:drawbridge:acr:mfa"');
    proves({ mfa: true }, mfa);
    expect((await post(world, message)).status).toBeLessThan(300);
    expect(world.recorder.requests).toHaveLength(1);
  });

  it('holds for a stream that only listens, and for a modern client', async () => {
    proves({}, mfa);
    expect((await get()).status).toBe(401);
    const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN };
    const body = { ...callTool('whoami'), params: { name: 'whoami', arguments: {}, _meta } };
    const headers = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'whoami' };
    expect((await post(world, body, headers)).status).toBe(401);
    proves({ mfa: true }, mfa);
    expect((await post(world, body, headers)).status).toBe(200);
  });

  it('is no oracle: who has no standing at all hears of an invalid token [G2.02]', async () => {
    world.standings.set(GRANT, null);
    expect((await call('whoami')).headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('what is under way', () => {
  const stream = (): void => {
    world.recorder.respond = (_, res) => void res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n');
  };

  it.each<[string, () => Promise<Response>, Partial<Assurance>, AssuranceDemand]>([
    ['a stream, when the sign-in becomes too old for the resource', get, {}, hour],
    ['a call, when it becomes too old for its scope', () => call('export_notes'), {}, noDemand],
  ])('ends: %s [G3.09]', async (_, open, proven, demand) => {
    stream();
    proves({ ...proven, auth_time: seconds() - 3000 }, demand);
    const response = await open();
    expect(response.status).toBe(200);
    const ended = response.text();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(world.recorder.requests).toHaveLength(1);
    world.ahead = 700_000;
    await ended;
    expect(await world.recorder.requests[0]?.broken).toBe(true);
  });

  it('ends when the tenant begins to demand more', async () => {
    stream();
    proves({});
    const ended = (await get()).text();
    await new Promise((resolve) => setTimeout(resolve, 400));
    proves({}, mfa);
    await ended;
    expect(await world.recorder.requests[0]?.broken).toBe(true);
  });
});
