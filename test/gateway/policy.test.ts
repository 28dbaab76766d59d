import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { callTool, makeStanding, openGatewayWorld, post, rawPost, sendRaw, statusOf, GRANT } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';
import { headerValues } from '../support/recorder-mcp.ts';
import { TenantId } from '../../src/domain/ids.ts';

const MODERN = '2026-07-28';
const EVERYTHING = ['notes.read', 'notes.write', 'notes.delete'];
const ALL_SCOPES = ['notes:read', 'notes:write', 'notes:export'];

function modern(name: string, params: Record<string, unknown> = {}): { body: Record<string, unknown>; headers: Record<string, string> } {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN };
  return {
    body: { jsonrpc: '2.0', id: 'm1', method: 'tools/call', params: { name, arguments: {}, ...params, _meta } },
    headers: { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/call', 'Mcp-Name': name },
  };
}

describe('what the gateway lets through', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld({ limits: { requestBytes: 10_000 } });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const nothingForwarded = (): void => expect(world.recorder.requests).toHaveLength(0);

  it('[G5.21] [W144] forwards what it judged, written anew, and says so in the audit first', async () => {
    const text =
      '{ "params" : {"arguments":{"b":1, "a":"\\u0041"}, "name":"list_notes"},\n "method":"tools\\/call", "jsonrpc":"2.0","id":5}';
    const response = await post(world, text);
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 5, result: { content: [{ type: 'text', text: 'done' }] } });
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(world.recorder.requests).toHaveLength(1);
    expect(world.recorder.requests[0]?.body).toBe(
      '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"arguments":{"b":1,"a":"A"},"name":"list_notes"}}',
    );
    const subject = {
      userId: 'user-1',
      tenantId: 'acme',
      clientId: 'client-1',
      clientName: 'Inspector',
      grantId: GRANT,
      resource: world.endpoint,
    };
    expect(world.audit).toEqual([{ event: 'tool.allowed', tool: 'list_notes', rule: expect.stringContaining('notes:read'), ...subject }]);
  });

  it('forwards nothing that could not be put on record', async () => {
    world.failAudit = true;
    const response = await post(world, callTool('list_notes', 9));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ id: 9, error: { code: -32603 } });
    nothingForwarded();
  });

  it('[W143] [G5.03] a modern call passes when headers and body agree, with the headers made from the body', async () => {
    const { body, headers } = modern('list_notes');
    const response = await post(world, body, { ...headers, 'mcp-param-Region': 'eu', 'Mcp-Name': '=?base64?bGlzdF9ub3Rlcw==?=' });
    expect(response.status).toBe(200);
    const [request] = world.recorder.requests;
    expect(headerValues(request, 'Mcp-Name')).toEqual(['list_notes']);
    expect(headerValues(request, 'Mcp-Method')).toEqual(['tools/call']);
    expect(headerValues(request, 'MCP-Protocol-Version')).toEqual([MODERN]);
    expect(headerValues(request, 'Mcp-Param-Region')).toEqual(['eu']);
  });

  it.each([
    ['a harmless name in the header', { 'Mcp-Name': 'whoami' }],
    ['a harmless name, wrapped', { 'Mcp-Name': '=?base64?d2hvYW1p?=' }],
    ['a broken wrapping', { 'Mcp-Name': '=?base64?d2hvY!W1p?=' }],
    ['another method in the header', { 'Mcp-Method': 'tools/list' }],
    ['a notification in the header', { 'Mcp-Method': 'notifications/cancelled' }],
    ['the method in capitals', { 'Mcp-Method': 'TOOLS/CALL' }],
    ['an older version in the header', { 'MCP-Protocol-Version': '2025-11-25' }],
  ])('[W143] [G5.04] [B4.03] refuses %s with the id and a code a modern client knows', async (_, changed) => {
    const { body, headers } = modern('add_note');
    expect((await post(world, body, headers)).status).toBe(200);
    world.recorder.reset();
    const response = await post(world, body, { ...headers, ...(changed as Record<string, string>) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 'm1', error: { code: -32020 } });
    nothingForwarded();
  });

  it('[W143] [G5.01] [G5.07] refuses a missing and a repeated header', async () => {
    const { body, headers } = modern('list_notes');
    const lines = [
      'Content-Type: application/json',
      `Authorization: Bearer ${await world.token()}`,
      ...Object.entries(headers).map((pair) => pair.join(': ')),
    ];
    expect(statusOf(await rawPost(world, lines, JSON.stringify(body)))).toBe(200);
    world.recorder.reset();
    for (const name of Object.keys(headers)) {
      const line = lines.find((one) => one.startsWith(name)) ?? '';
      const without = await rawPost(
        world,
        lines.filter((one) => one !== line),
        JSON.stringify(body),
      );
      const twice = await rawPost(world, [...lines, line], JSON.stringify(body));
      for (const raw of [without, twice])
        expect([statusOf(raw), /"code":(-\d+)/.exec(raw)?.[1], raw.includes('"id":"m1"')]).toEqual([400, '-32020', true]);
    }
    nothingForwarded();
  });

  it('[W143] [G5.02] [B4.02] an older client is judged by its body, and its modern headers are neither believed nor passed on', async () => {
    const lying = { 'MCP-Protocol-Version': '2025-11-25', 'Mcp-Method': 'tools/list', 'Mcp-Name': 'whoami', 'Mcp-Param-X': '1' };
    expect(await (await post(world, callTool('delete_notes'), lying)).json()).toMatchObject({ error: { code: -32003 } });
    nothingForwarded();
    expect((await post(world, callTool('list_notes'), lying)).status).toBe(200);
    const names = (world.recorder.requests[0]?.rawHeaders ?? []).map((name) => name.toLowerCase());
    for (const name of ['mcp-method', 'mcp-name', 'mcp-param-x']) expect(names).not.toContain(name);
  });

  it('[B4.01] both eras on one endpoint, in turn', async () => {
    const { body, headers } = modern('list_notes');
    for (let round = 0; round < 2; round += 1) {
      expect((await post(world, body, headers)).status).toBe(200);
      expect((await post(world, callTool('list_notes'), { 'MCP-Protocol-Version': '2025-06-18' })).status).toBe(200);
    }
    expect(world.recorder.requests).toHaveLength(4);
  });

  it('[B2.05] [G5.11] an unknown version names those there are', async () => {
    const response = await post(world, callTool('list_notes', 3), { 'MCP-Protocol-Version': '2031-01-01' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      id: 3,
      error: { code: -32022, data: { supported: expect.arrayContaining([MODERN, '2025-03-26']) } },
    });
    nothingForwarded();
  });

  it.each([
    ['a repeated name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","name":"add_note"}}', -32600],
    [
      'the names the other way round',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_note","name":"list_notes"}}',
      -32600,
    ],
    ['a repeated method', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"list_notes"}}', -32600],
    [
      'repeated params',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes"},"params":{"name":"add_note"}}',
      -32600,
    ],
    ['a repeated id', '{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}', -32600],
    [
      'an escaped repetition',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","n\\u0061me":"add_note"}}',
      -32600,
    ],
    ['a name in another case', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","Name":"add_note"}}', -32600],
    [
      'a prototype',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"add_note"},"name":"list_notes"}}',
      -32600,
    ],
    ['a comment', '{"jsonrpc":"2.0","id":1,"method":"tools/list"/**/}', -32700],
    ['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"tools/list",}', -32700],
    ['two documents', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}{"jsonrpc":"2.0","id":2,"method":"tools/list"}', -32700],
    ['an inexact id', '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}', -32600],
    [
      'a lone surrogate',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","arguments":{"x":"\\ud800"}}}',
      -32600,
    ],
    ['[G5.13] [B1.08] a batch', JSON.stringify([callTool('list_notes'), callTool('add_note')]), -32600],
  ])('[W144] refuses %s', async (_, text, code) => {
    expect((await post(world, callTool('list_notes'))).status).toBe(200);
    world.recorder.reset();
    const response = await post(world, text);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code } });
    nothingForwarded();
  });

  it('[W144] refuses invalid UTF-8', async () => {
    const lines = ['Content-Type: application/json', `Authorization: Bearer ${await world.token()}`];
    const text = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","arguments":{"x":"é"}}}');
    expect(statusOf(await rawPost(world, lines, text))).toBe(200);
    world.recorder.reset();
    const broken = Buffer.from(text);
    broken[broken.indexOf(0xc3) + 1] = 0x28;
    expect(statusOf(await rawPost(world, lines, broken))).toBe(400);
    nothingForwarded();
  });

  it('refuses what is too large, of another type or compressed', async () => {
    const large = callTool('list_notes');
    large['params'] = { name: 'list_notes', arguments: { x: 'y'.repeat(10_000) } };
    expect((await post(world, large)).status).toBe(413);
    const { host } = new URL(world.issuer);
    const token = await world.token();
    const chunked = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(statusOf(await sendRaw(world, `${chunked}4000\r\n${' '.repeat(0x4000)}\r\n`))).toBe(413);
    expect((await post(world, '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(world, '{}', { 'Content-Type': 'application/json; charset=utf-16' })).status).toBe(415);
    expect((await post(world, '{}', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    nothingForwarded();
    expect((await post(world, callTool('list_notes'), { 'Content-Type': 'application/json; charset=UTF-8' })).status).toBe(200);
  });

  it.each([
    'Add_note',
    'list_notes ',
    'list_notes\u200b',
    'list\u005fnotes\u0301',
    'l\u0456st_notes',
    '../list_notes',
    'list_notes/../add_note',
    'notes__list_notes',
    '',
    'x'.repeat(1024),
    'constructor',
    'secret_backdoor',
  ])('[W145] [G5.18] the tool %j has no rule and is refused, whatever the upstream offers', async (name) => {
    const response = await post(world, callTool(name, 4));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 4, error: { code: -32602, message: 'Unknown tool.' } });
    expect(world.audit).toMatchObject([{ event: 'tool.refused', tool: name.slice(0, 200) }]);
    nothingForwarded();
  });

  it.each([[7], [['list_notes']], [{ name: 'list_notes' }], [null], [undefined]])('[W145] the tool %j is no name', async (name) => {
    const response = await post(world, callTool(name, 4));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ id: 4, error: { code: -32602 } });
    nothingForwarded();
  });

  it.each(['tasks/get', 'tasks/cancel', 'tasks/list', 'tools/install', 'TOOLS/CALL', 'admin', 'sampling/createMessage'])(
    '[G5.10] [G5.11] the method %s is not known here',
    async (method) => {
      const body = { jsonrpc: '2.0', id: 2, method, params: { taskId: 'foreign', name: 'x' } };
      const old = await post(world, body);
      expect([old.status, await old.json()]).toMatchObject([200, { id: 2, error: { code: -32601 } }]);
      const _meta = { 'io.modelcontextprotocol/protocolVersion': MODERN };
      const headers = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': method, 'Mcp-Name': 'foreign' };
      const current = await post(world, { ...body, params: { ...body.params, _meta } }, headers);
      expect([current.status, await current.json()]).toMatchObject([404, { id: 2, error: { code: -32601 } }]);
      nothingForwarded();
    },
  );

  it('[G5.20] known notifications pass with 202, unknown ones do not', async () => {
    expect((await post(world, { jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
    expect(world.recorder.requests).toHaveLength(1);
    expect((await post(world, { jsonrpc: '2.0', method: 'notifications/shutdown' })).status).toBe(400);
    expect(world.recorder.requests).toHaveLength(1);
  });

  it('[G2.05] [G2.06] [W139] a missing scope is named with all its companions, in a challenge the SDK reads', async () => {
    world.allow(EVERYTHING, ['notes:read']);
    const { body, headers } = modern('export_notes');
    const response = await post(world, body, headers);
    expect(response.status).toBe(403);
    const metadata = `${world.issuer}/.well-known/oauth-protected-resource/mcp`;
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", scope="notes:write notes:export", resource_metadata="${metadata}", error_description="This needs another consent."`,
    );
    expect(extractWWWAuthenticateParams(response).scope).toBe('notes:write notes:export');
    expect(await response.json()).toMatchObject({ id: 'm1', error: { code: -32004, data: { scope: ['notes:write', 'notes:export'] } } });
    expect(world.audit).toMatchObject([{ event: 'tool.refused', tool: 'export_notes', rule: expect.stringContaining('lacks scope') }]);
    nothingForwarded();
  });

  it('[G2.07] [B3.03] an older client, which replaces its scopes, hears those it has as well', async () => {
    world.allow(EVERYTHING, ['notes:read']);
    const response = await post(world, callTool('add_note'), { 'MCP-Protocol-Version': '2025-11-25' });
    expect(response.status).toBe(403);
    expect(extractWWWAuthenticateParams(response).scope).toBe('notes:read notes:write');
    nothingForwarded();
  });

  it('[G2.10] a role that falls short is told so in words, without any challenge', async () => {
    world.allow(['notes.read', 'notes.write'], ALL_SCOPES);
    const response = await post(world, callTool('delete_notes', 8));
    expect(response.status).toBe(200);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 8,
      error: {
        code: -32003,
        message: 'Your role in Acme is viewer, and this needs the role admin. Ask an administrator of Acme.',
        data: { tenant: 'acme', roles: ['viewer'], roles_needed: ['admin'] },
      },
    });
    expect(world.audit).toMatchObject([{ event: 'tool.refused', tool: 'delete_notes', rule: expect.stringContaining('notes.delete') }]);
    nothingForwarded();
    world.allow(EVERYTHING, ALL_SCOPES);
    expect((await post(world, callTool('delete_notes'))).status).toBe(200);
    expect(world.recorder.requests).toHaveLength(1);
  });

  it('prompts and resources need the baseline', async () => {
    const read = { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'file:///x' } };
    expect((await post(world, read)).status).toBe(200);
    world.recorder.reset();
    world.allow(EVERYTHING, ['notes:write']);
    expect((await post(world, read)).status).toBe(403);
    nothingForwarded();
  });

  it.each([false, true])(
    '[W147] [G5.16] [G5.17] the list shows what the role allows and is nobody else’s (as a stream: %s)',
    async (streaming) => {
      world.recorder.streaming = streaming;
      const list = async (): Promise<Record<string, unknown>> => {
        const response = await post(world, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
        expect(response.headers.get('cache-control')).toBe('private, no-store');
        const text = await response.text();
        return (JSON.parse(streaming ? (/^data: (.*)$/m.exec(text)?.[1] ?? '') : text) as { result: Record<string, unknown> }).result;
      };
      const names = (result: Record<string, unknown>): string[] => (result['tools'] as { name: string }[]).map((tool) => tool.name);
      world.allow(['notes.read'], ['notes:read']);
      const viewer = await list();
      expect(names(viewer)).toEqual(['whoami', 'list_notes']);
      expect(viewer['cacheScope']).toBe('private');
      world.allow(EVERYTHING, ['notes:read']);
      expect(names(await list())).toEqual(['whoami', 'list_notes', 'add_note', 'export_notes', 'delete_notes']);
      // What is not shown is refused as well.
      world.allow(['notes.read'], ALL_SCOPES);
      world.recorder.requests.length = 0;
      expect(await (await post(world, callTool('delete_notes'))).json()).toMatchObject({ error: { code: -32003 } });
      nothingForwarded();
    },
  );

  it('[W139] hostile names in every corner give a refusal, never a fault', async () => {
    world.standings.set(
      GRANT,
      makeStanding(world.resource, { tenant: { id: TenantId.parse('acme'), name: 'Ac"me\r\nSet-Cookie: x=1\u2028é' } }),
    );
    for (const name of ['a"b', 'a\r\nX-Evil: 1', 'naïve', '\u0000', 'delete_notes', 'add_note', '😀']) {
      const response = await post(world, callTool(name));
      expect([200, 403]).toContain(response.status);
      expect(response.headers.get('x-evil')).toBeNull();
      expect(response.headers.get('set-cookie')).toBeNull();
    }
    const body = { jsonrpc: '2.0', id: 'é"\r\n', method: 'x\r\ny', params: {} };
    expect(await (await post(world, body)).json()).toMatchObject({ id: 'é"\r\n', error: { code: -32601 } });
    nothingForwarded();
  });
});
