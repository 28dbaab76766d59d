import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openGatewayWorld, sendRaw, statusOf } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';

describe('the metadata of protected resources', () => {
  let world: GatewayWorld;
  let rooted: GatewayWorld;
  beforeAll(async () => {
    const second = (path: string, from: GatewayWorld['resource']) => ({
      ...from,
      id: path,
      identifier: new URL(path, from.identifier).href,
    });
    world = await openGatewayWorld({ resources: (notes) => [notes, second('/other/mcp', notes)] });
    rooted = await openGatewayWorld({ resources: (notes) => [second('/', notes)] });
  });
  afterAll(() => Promise.all([world.close(), rooted.close()]));

  it('[G1.01] [G1.02] [G1.03] [G1.05] [G1.07] is served at the inserted path and names what was asked for, byte for byte', async () => {
    const response = await fetch(`${world.issuer}/.well-known/oauth-protected-resource/mcp`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      resource: `${world.issuer}/mcp`,
      authorization_servers: [world.issuer],
      scopes_supported: ['notes:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Notes',
    });
  });

  it('[G1.04] [G1.11] needs no credentials, sets no cookie, may be read by any page and is soon forgotten', async () => {
    const response = await fetch(`${world.issuer}/.well-known/oauth-protected-resource/mcp`, {
      headers: { Origin: 'https://any.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('set-cookie')).toBeNull();
    const age = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1]);
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThanOrEqual(300);
    const preflight = await fetch(`${world.issuer}/.well-known/oauth-protected-resource/mcp`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://any.example', 'Access-Control-Request-Headers': 'mcp-protocol-version' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/MCP-Protocol-Version/i);
  });

  it('[G1.03] [G1.09] each resource has its own document, and the root has none unless a resource sits there', async () => {
    const get = async (origin: string, path: string): Promise<unknown> => {
      const response = await fetch(`${origin}/.well-known/oauth-protected-resource${path}`);
      const body = (await response.json()) as { resource?: string };
      return response.status === 200 ? body.resource : response.status;
    };
    expect(await get(world.issuer, '/other/mcp')).toBe(`${world.issuer}/other/mcp`);
    expect(await get(world.issuer, '')).toBe(404);
    expect(await get(world.issuer, '/')).toBe(404);
    expect(await get(world.issuer, '/mcp/')).toBe(404);
    expect(await get(world.issuer, '/mcp/../mcp2')).toBe(404);
    expect(await get(rooted.issuer, '')).toBe(`${rooted.issuer}/`);
    expect(await get(rooted.issuer, '/mcp')).toBe(404);
  });

  it('[G1.10] a forged Host changes nothing in it', async () => {
    const raw = await sendRaw(
      world,
      'GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(statusOf(raw)).toBe(200);
    expect(raw).toContain(`"resource":"${world.issuer}/mcp"`);
    expect(raw).not.toContain('evil');
  });

  it('refuses to be written to', async () => {
    const response = await fetch(`${world.issuer}/.well-known/oauth-protected-resource/mcp`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(405);
  });
});
