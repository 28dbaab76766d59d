/** The real thing: the process under a configuration file, in front of an identity provider and an MCP server that are somebody else's. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import type { DemoIdp } from '../../src/demo/identity-server.ts';
import { startDemoMcp } from '../../src/demo/mcp-server.ts';
import type { DemoMcp } from '../../src/demo/mcp-server.ts';
import { callTool, login, refresh } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { removeTemporaryFolders, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';

const slow = 60_000;
const graceSeconds = 1;

const configuration = (port: number) => `
issuer: http://localhost:${port}
listen: { port: ${port} }
key_file: ./key
organisation: { name: Lantern Works }
connections:
  - id: demo
    type: oidc
    name: Lantern SSO
    issuer: http://localhost:${port + 1}
    client_id: lantern
    client_secret_file: ./secret
    scopes: [openid, profile, email, groups]
    claims: { groups: /groups }
tenants: [{ id: works, name: Works, rules: [{ group: 'eng*', role: staff }] }]
roles: [{ id: staff, name: Staff, permissions: ['notes:read'] }]
resources:
  - id: notes
    identifier: http://localhost:${port}/mcp
    upstream: http://localhost:${port + 2}/mcp
    name: Works Notes
    baseline: [read]
    scopes: [{ name: read, title: Look at notes, permissions: ['notes:read'] }]
    tools: { whoami: { scopes: [read] }, list_notes: { scopes: [read], permissions: ['notes:read'] } }
    redirects: { policy: open }
    refreshGraceSeconds: ${graceSeconds}
`;

describe('under a configuration file', () => {
  let folder: string;
  let idp: DemoIdp;
  let upstream: DemoMcp;
  let product: Product;
  let port: number;

  const start = () => startProduct({ port, folder, args: ['--config', 'drawbridge.yaml'] });

  beforeAll(async () => {
    port = await freePorts();
    folder = temporaryFolder();
    const issuer = `http://localhost:${port}`;
    const client_secret = 'c'.repeat(43);
    writeFileSync(join(folder, 'secret'), `${client_secret}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'key'), randomBytes(32).toString('base64url'), { mode: 0o600 });
    writeFileSync(join(folder, 'drawbridge.yaml'), configuration(port));
    idp = await startDemoIdp({
      port: port + 1,
      clients: [{ client_id: 'lantern', client_secret, redirect_uris: [`${issuer}/callback/demo`] }],
    });
    upstream = await startDemoMcp({ port: port + 2, gatewayJwksUrl: `${issuer}/jwks`, gatewayIssuer: issuer });
    product = await start();
  }, slow);
  afterAll(async () => {
    await product.stop();
    await Promise.all([idp.close(), upstream.close()]);
    await removeTemporaryFolders();
  }, slow);

  it('signs people in by the file’s own rules, and starts nothing of the demonstration', async () => {
    expect(product).toMatchObject({ issuer: `http://localhost:${port}`, idp: idp.issuer, upstream: upstream.url });
    expect(product.stdout()).not.toContain('demo is');
    expect(product.stderr()).not.toContain('oidc-provider');
    const { tokens } = await login(product, { login: 'alice', scope: ['read'] });
    expect(await (await callTool(product, tokens.access_token, 'whoami')).text()).toContain('Works');
    await expect(login(product, { login: 'bob', scope: ['read'] })).rejects.toThrow('no form');
  });

  it(
    '[W96] remembers a rotation over a restart: the replaced token is theft once its grace is over, and ends the grant',
    async () => {
      const { client, tokens } = await login(product, { scope: ['read'] });
      const next = (await (await refresh(product, client, tokens.refresh_token)).json()) as Tokens;
      const control = await login(product, { scope: ['read'] });
      await product.stop();
      product = await start();
      await new Promise((resolve) => setTimeout(resolve, graceSeconds * 1_000 + 100));
      expect((await callTool(product, next.access_token, 'whoami')).status).toBe(200);
      const replayed = await refresh(product, client, tokens.refresh_token);
      expect([replayed.status, await replayed.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
      expect((await refresh(product, client, next.refresh_token)).status).toBe(400);
      expect((await callTool(product, next.access_token, 'whoami')).status).toBe(401);
      expect((await refresh(product, control.client, control.tokens.refresh_token)).status).toBe(200);
    },
    slow,
  );
});
