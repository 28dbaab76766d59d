import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startDemoMcp, type DemoMcp } from '../../src/demo/mcp-server.ts';
import { openVouching, type Forgery, type Vouching } from './assertions.ts';

const alice = {
  sub: 'u-alice',
  name: 'Alice Archer',
  email: 'alice@demo.example',
  tenant: 't-acme',
  tenant_name: 'Acme',
  roles: ['editor'],
  client_id: 'c-1',
  client_name: 'Lantern',
  scope: 'notes:read notes:write',
};
const bob = { ...alice, sub: 'u-bob', name: 'Bob Baker', tenant: 't-globex', tenant_name: 'Globex', roles: ['viewer'] };

interface Called {
  readonly isError?: unknown;
  readonly structuredContent?: unknown;
  readonly content?: unknown;
}

/** The part of a client this test needs, whichever library and era it is. */
interface Session {
  readonly version: string | undefined;
  tools(): Promise<{ readonly name: string; readonly annotations?: unknown }[]>;
  call(name: string, given?: Record<string, unknown>): Promise<Called>;
}

let gateway: Vouching;
let server: DemoMcp;
let logged: string[];
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  logged = [];
  gateway = await openVouching();
  server = await startDemoMcp({
    port: 0,
    gatewayJwksUrl: gateway.jwksUrl,
    gatewayIssuer: gateway.issuer,
    log: (line) => logged.push(line),
  });
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await server.close();
  await gateway.close();
});

const headersFor = async (who: typeof alice | null): Promise<Record<string, string>> =>
  who === null ? {} : { 'Drawbridge-Assertion': await gateway.assert(server.url, who) };

async function modern(who: typeof alice | null, mode: 'legacy' | { pin: string } = { pin: '2026-07-28' }): Promise<Session> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: await headersFor(who) } }));
  closing.push(() => client.close());
  return {
    version: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, given = {}) => client.callTool({ name, arguments: given }),
  };
}

async function older(who: typeof alice | null): Promise<Session> {
  const client = new OlderClient({ name: 'test', version: '1' });
  const transport = new OlderTransport(new URL(server.url), { requestInit: { headers: await headersFor(who) } });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  closing.push(() => client.close());
  return {
    version: transport.protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: async (name, given = {}) => {
      const { isError, structuredContent, content } = await client.callTool({ name, arguments: given });
      return { isError, structuredContent, content };
    },
  };
}

const eras = [
  { era: '2026-07-28', library: 'client 2', open: (who: typeof alice | null) => modern(who) },
  { era: '2025-11-25', library: 'client 2', open: (who: typeof alice | null) => modern(who, 'legacy') },
  { era: '2025-11-25', library: 'sdk 1', open: older },
];

describe.each(eras)('the demonstration MCP server, spoken to by $library in $era', ({ era, open }) => {
  it('has exactly its four tools, and says which change things', async () => {
    const session = await open(null);
    expect(session.version).toBe(era);
    const tools = await session.tools();
    expect(Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]))).toEqual({
      whoami: expect.objectContaining({ readOnlyHint: true }),
      list_notes: expect.objectContaining({ readOnlyHint: true }),
      add_note: expect.objectContaining({ readOnlyHint: false, destructiveHint: false }),
      delete_notes: expect.objectContaining({ readOnlyHint: false, destructiveHint: true }),
    });
  });

  it('knows from the assertion who is calling', async () => {
    const expected = { user: 'u-alice', name: 'Alice Archer', tenant: 't-acme', tenant_name: 'Acme', roles: ['editor'], client: 'Lantern' };
    const { structuredContent, content } = await (await open(alice)).call('whoami');
    expect(structuredContent).toEqual(expected);
    expect(JSON.parse((content as { text: string }[])[0]?.text ?? '')).toEqual(expected);
  });

  it('knows nobody when it is called directly, and serves all the same', async () => {
    const session = await open(null);
    const { structuredContent } = await session.call('whoami');
    expect(structuredContent).toMatchObject({ user: null, tenant: null, roles: [], note: expect.stringContaining('called directly') });
    await session.call('add_note', { text: 'by nobody' });
    expect((await session.call('list_notes')).structuredContent).toMatchObject({ notes: [{ text: 'by nobody', by: 'nobody' }] });
  });

  it('keeps the notes of each tenant apart', async () => {
    const [acme, globex, direct] = [await open(alice), await open(bob), await open(null)];
    const texts = async (session: Session): Promise<string[]> =>
      ((await session.call('list_notes')).structuredContent as { notes: { text: string }[] }).notes.map(({ text }) => text);
    expect((await acme.call('add_note', { text: 'one' })).structuredContent).toEqual({ count: 1 });
    await acme.call('add_note', { text: 'two' });
    await globex.call('add_note', { text: 'three' });
    expect([await texts(acme), await texts(globex), await texts(direct)]).toEqual([['one', 'two'], ['three'], []]);
    expect((await acme.call('delete_notes')).structuredContent).toEqual({ deleted: 2 });
    expect([await texts(acme), await texts(globex)]).toEqual([[], ['three']]);
  });

  it('refuses a note that says nothing or too much', async () => {
    const session = await open(alice);
    const outcomes = [];
    for (const length of [0, 501, 500])
      outcomes.push(
        await session.call('add_note', { text: 'x'.repeat(length) }).then(
          ({ isError }) => isError === true,
          () => true,
        ),
      );
    expect(outcomes).toEqual([true, true, false]);
    expect((await session.call('list_notes')).structuredContent).toMatchObject({ notes: [{ text: 'x'.repeat(500) }] });
  });
});

describe('the demonstration MCP server, on its guard', () => {
  const whoami = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };
  const send = (headers: Record<string, string>, url = server.url): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': '2025-11-25',
        ...headers,
      },
      body: JSON.stringify(whoami),
    });

  const forgeries: { what: string; forged?: Forgery; aud?: string; claims?: object }[] = [
    { what: 'signed with a key the gateway never published', forged: { unknownKey: true } },
    { what: 'of another type', forged: { typ: 'at+jwt' } },
    { what: 'that is over', forged: { expiresIn: -60 } },
    { what: 'of another issuer', forged: { issuer: 'http://gateway.example' } },
    { what: 'made for another server', aud: 'http://localhost:1/mcp' },
    { what: 'without a tenant', claims: { tenant: undefined } },
  ];

  it.each(forgeries)('refuses an assertion $what', async ({ forged, aud, claims }) => {
    const good = await send({ 'Drawbridge-Assertion': await gateway.assert(server.url, alice) });
    expect([good.status, await good.text()]).toEqual([200, expect.stringContaining('Alice Archer')]);
    const bad = await send({ 'Drawbridge-Assertion': await gateway.assert(aud ?? server.url, { ...alice, ...claims }, forged) });
    expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([401, 'Drawbridge-Assertion']);
    expect(await bad.text()).not.toContain('Alice');
    expect(logged).toEqual([expect.stringContaining('assertion refused')]);
  });

  it('refuses what is not an assertion at all, and an empty one', async () => {
    for (const text of ['', 'Alice', 'e30.e30.e30']) expect((await send({ 'Drawbridge-Assertion': text })).status).toBe(401);
  });

  it('refuses every assertion when it does not know the gateway', async () => {
    const alone = await startDemoMcp({ port: 0 });
    closing.push(() => alone.close());
    expect((await send({}, alone.url)).status).toBe(200);
    expect((await send({ 'Drawbridge-Assertion': await gateway.assert(alone.url, alice) }, alone.url)).status).toBe(401);
  });

  it('refuses a web page of somebody else', async () => {
    expect((await send({ Origin: 'http://localhost:6274' })).status).toBe(200);
    expect((await send({ Origin: 'https://evil.example' })).status).toBe(403);
  });

  it('has nothing at any other path', async () => {
    expect((await send({}, server.url.replace('/mcp', '/'))).status).toBe(404);
  });

  it('streams: who listens hears of a change while the request is open', async () => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    closing.push(() => client.close());
    const heard = new Promise<void>((resolve) => client.setNotificationHandler('notifications/tools/list_changed', () => resolve()));
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
    await client.listen({ toolsListChanged: true });
    server.announceTools();
    await heard;
  });

  it('remembers notes across restarts when it is given a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'notes-'));
    closing.push(async () => rmSync(folder, { recursive: true }));
    const dataFile = join(folder, 'data', 'notes.json');
    for (const count of [1, 2]) {
      await server.close();
      server = await startDemoMcp({ port: 0, dataFile, gatewayJwksUrl: gateway.jwksUrl });
      const { structuredContent } = await (await modern(alice)).call('add_note', { text: 'kept' });
      expect(structuredContent).toEqual({ count });
    }
  });
});
