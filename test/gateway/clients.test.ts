import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startDemoMcp } from '../../src/demo/mcp-server.ts';
import type { DemoMcp } from '../../src/demo/mcp-server.ts';
import { openGatewayWorld } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';

describe('real clients and a real server with the gateway between them', () => {
  let world: GatewayWorld;
  let demo: DemoMcp;
  let keys: Server;
  beforeAll(async () => {
    keys = createServer((_, res) => res.end(JSON.stringify({ keys: world.signer.publicKeys() })));
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    demo = await startDemoMcp({ port: 0, gatewayJwksUrl: `http://127.0.0.1:${(keys.address() as AddressInfo).port}` });
    world = await openGatewayWorld({ resources: (notes) => [{ ...notes, upstream: demo.url }] });
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await world.close();
    await demo.close();
    keys.closeAllConnections();
    keys.close();
  });

  const connection = async () => ({ requestInit: { headers: { Authorization: `Bearer ${await world.token()}` } } });
  const textOf = (result: unknown): string => JSON.stringify(result);

  it('[B4.01] an older client opens, lists, calls and is told about its role', async () => {
    const client = new OlderClient({ name: 'older', version: '1' });
    await client.connect(new OlderTransport(new URL(world.endpoint), await connection()) as Parameters<OlderClient['connect']>[0]);
    try {
      expect((await client.listTools()).tools.map((tool) => tool.name).toSorted()).toEqual(['add_note', 'list_notes', 'whoami']);
      expect(textOf(await client.callTool({ name: 'whoami', arguments: {} }))).toMatch(/Ana/);
      await expect(client.callTool({ name: 'delete_notes', arguments: {} })).rejects.toMatchObject({ code: -32003 });
      expect(world.audit.map((entry) => entry.event)).toEqual(['tool.allowed', 'tool.refused']);
    } finally {
      await client.close();
    }
  });

  it('[B4.01] [G6.03] a modern client discovers, lists, calls and is told about its role', async () => {
    const client = new ModernClient({ name: 'modern', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new ModernTransport(new URL(world.endpoint), await connection()));
    try {
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      expect((await client.listTools()).tools.map((tool) => tool.name).toSorted()).toEqual(['add_note', 'list_notes', 'whoami']);
      expect(textOf(await client.callTool({ name: 'whoami', arguments: {} }))).toMatch(/Ana/);
      await expect(client.callTool({ name: 'delete_notes', arguments: {} })).rejects.toMatchObject({ code: -32003 });
    } finally {
      await client.close();
    }
  });
});
