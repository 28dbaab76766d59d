import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/feed-world.ts';
import { callTool, makeStanding, openGatewayWorld, OTHER_GRANT, post, GRANT } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';
import { headerValues, RECORDED_TOOLS, UPSTREAM_SESSION } from '../support/recorder-mcp.ts';
import { defaultLimits } from '../../src/gateway/dependencies.ts';
import { UserId } from '../../src/domain/ids.ts';

const INITIALIZE = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } };
const MODERN = '2026-07-28';

let world: GatewayWorld;
beforeAll(async () => {
  world = await openGatewayWorld({ limits: { openPerGrant: 2, recheck: 150 } });
});
beforeEach(() => world.reset());
afterAll(() => world.close());

/** Bob, with a grant of his own at the same resource. */
async function bob(): Promise<string> {
  const user = { id: UserId.parse('user-2'), name: 'Bob', email: null };
  world.standings.set(OTHER_GRANT, makeStanding(world.resource, { grantId: OTHER_GRANT, user, scope: ['notes:read'] }));
  return world.token({ sub: 'user-2', grant_id: OTHER_GRANT });
}

async function openSession(): Promise<string> {
  const response = await post(world, INITIALIZE);
  expect(response.status).toBe(200);
  return response.headers.get('mcp-session-id') ?? '';
}

async function bare(method: string, headers: Record<string, string>): Promise<Response> {
  return fetch(world.endpoint, { method, headers: { Authorization: `Bearer ${await world.token()}`, ...headers } });
}

describe('sessions of older clients', () => {
  it('[B3.04] are opened, used, listened to and closed under one name, and the upstream sees its own', async () => {
    const session = await openSession();
    expect(session).toMatch(/^[\x21-\x7e]+$/);
    expect(session).not.toBe(UPSTREAM_SESSION);
    const headers = { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' };
    expect((await post(world, callTool('list_notes'), headers)).status).toBe(200);
    expect((await post(world, { jsonrpc: '2.0', id: 's1', result: {} }, headers)).status).toBe(202);
    const stream = await bare('GET', { ...headers, 'Last-Event-ID': '7' });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await stream.body?.cancel();
    expect((await bare('DELETE', headers)).status).toBe(204);
    const [, ...later] = world.recorder.requests;
    expect(later.map((request) => request.method)).toEqual(['POST', 'POST', 'GET', 'DELETE']);
    for (const request of later) expect(headerValues(request, 'Mcp-Session-Id')).toEqual([UPSTREAM_SESSION]);
    expect(headerValues(later[2], 'Last-Event-ID')).toEqual(['7']);
  });

  it('[W153] [G6.04] are nobody else’s', async () => {
    const session = await openSession();
    const headers = { 'Mcp-Session-Id': session };
    expect((await post(world, callTool('list_notes'), headers)).status).toBe(200);
    const authorization = { Authorization: `Bearer ${await bob()}` };
    expect((await post(world, callTool('list_notes'), authorization)).status).toBe(200);
    world.recorder.reset();
    const stolen = await post(world, callTool('list_notes', 6), { ...headers, ...authorization });
    expect([stolen.status, await stolen.json()]).toMatchObject([404, { id: 6, error: { code: -32001 } }]);
    expect((await bare('GET', { ...headers, ...authorization })).status).toBe(404);
    expect((await bare('DELETE', { ...headers, ...authorization })).status).toBe(404);
    expect((await post(world, { jsonrpc: '2.0', id: 's1', result: {} }, { ...headers, ...authorization })).status).toBe(404);
    expect(world.recorder.requests).toHaveLength(0);
  });

  it.each([UPSTREAM_SESSION, 'x', `${'A'.repeat(43)}.${UPSTREAM_SESSION}`, ''])('[W153] cannot be made up: %j', async (session) => {
    const response = await post(world, callTool('list_notes'), { 'Mcp-Session-Id': session });
    expect(response.status).toBe(404);
    expect(world.recorder.requests).toHaveLength(0);
  });

  it('an answer without a session is refused', async () => {
    expect((await post(world, { jsonrpc: '2.0', id: 's1', result: {} })).status).toBe(400);
    expect(world.recorder.requests).toHaveLength(0);
  });

  it('[G5.14] mean nothing to a modern client', async () => {
    const session = await openSession();
    world.recorder.requests.length = 0;
    const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN };
    const body = { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta } };
    const headers = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'server/discover', 'Mcp-Session-Id': session, 'Last-Event-ID': '1' };
    world.recorder.respond = (_, res) =>
      void res.writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': 'x' }).end('{"jsonrpc":"2.0","id":1,"result":{}}');
    const response = await post(world, body, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('mcp-session-id')).toBeNull();
    const [request] = world.recorder.requests;
    expect([...headerValues(request, 'Mcp-Session-Id'), ...headerValues(request, 'Last-Event-ID')]).toEqual([]);
    for (const method of ['GET', 'DELETE']) expect((await bare(method, { 'MCP-Protocol-Version': MODERN })).status).toBe(405);
    expect(world.recorder.requests).toHaveLength(1);
  });

  it('a resumed stream hands out no unfiltered list', async () => {
    world.recorder.respond = (_, res) => {
      const tools = RECORDED_TOOLS.map((name) => ({ name }));
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } })}\n\n`);
    };
    const text = await (await bare('GET', { 'Last-Event-ID': '1' })).text();
    expect(text).toContain('list_notes');
    expect(text).not.toContain('secret_backdoor');
    expect(text).not.toContain('delete_notes');
  });
});

describe('leases', () => {
  /** Opens a stream, does something and says how long after it the stream was over on both sides. */
  async function endsAfter(open: () => Promise<Response>, change: () => void): Promise<{ ms: number; text: string }> {
    const response = await open();
    expect(response.status).toBe(200);
    const text = response.text();
    await new Promise((resolve) => setTimeout(resolve, 400));
    // It stands as long as the grant does: the control of every row below.
    expect(world.recorder.requests).toHaveLength(1);
    const since = performance.now();
    change();
    const ended = await text;
    expect(await world.recorder.requests[0]?.broken).toBe(true);
    return { ms: performance.now() - since, text: ended };
  }

  const callStream = (): Promise<Response> => {
    world.recorder.respond = (_, res) => void res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n');
    return post(world, callTool('add_note', 'c'));
  };

  it.each([
    ['[G3.09] the grant ends', () => bare('GET', {}), () => world.standings.set(GRANT, null)],
    ['[G3.09] the token expires', () => bare('GET', {}), () => (world.ahead = 3_600_000)],
    ['the authority cannot tell', () => bare('GET', {}), () => world.standings.set(GRANT, () => Promise.reject(new Error('down')))],
    [
      'the person is another',
      () => bare('GET', {}),
      () => world.standings.set(GRANT, makeStanding(world.resource, { user: { id: UserId.parse('x'), name: null, email: null } })),
    ],
    ['the role for the running call is lost', callStream, () => world.allow(['notes.read'], ['notes:read', 'notes:write'])],
  ])('a stream ends soon when %s', async (_, open, change) => {
    const { ms, text } = await endsAfter(open, () => void change());
    expect(ms).toBeLessThan(1000);
    if (open === callStream) expect(text).toContain('"id":"c","error":{"code":-32603,"message":"Access has ended');
  });

  it('a stream ends when the authority stops answering at all', async () => {
    const { ms } = await endsAfter(
      () => bare('GET', {}),
      () => void world.standings.set(GRANT, () => new Promise(() => {})),
    );
    expect(ms).toBeLessThan(1500);
  });

  it('asks once a second unless told otherwise', () => {
    expect(defaultLimits.recheck).toBe(1000);
  });

  it('a call whose answer is still awaited ends with a challenge', async () => {
    world.recorder.respond = () => {};
    const pending = post(world, callTool('list_notes'));
    await until(() => world.recorder.requests.length > 0);
    world.standings.set(GRANT, null);
    const response = await pending;
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    expect(await world.recorder.requests[0]?.broken).toBe(true);
  });

  it('one grant can keep only so many open, and another is not held back by it', async () => {
    const streams = [await bare('GET', {}), await bare('GET', {})];
    const third = await post(world, callTool('list_notes', 3));
    expect([third.status, third.headers.get('retry-after'), await third.json()]).toMatchObject([
      429,
      '1',
      { id: 3, error: { code: -32005 } },
    ]);
    expect((await post(world, callTool('list_notes'), { Authorization: `Bearer ${await bob()}` })).status).toBe(200);
    for (const stream of streams) await stream.body?.cancel();
    await until(async () => (await post(world, callTool('list_notes'))).status === 200);
  });
});
