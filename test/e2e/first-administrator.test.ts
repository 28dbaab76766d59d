/** The first start of an installation that nobody administers yet: what it prints, and who comes of it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import type { DemoIdp } from '../../src/demo/identity-server.ts';
import { openBrowser, signIn } from '../support/client.ts';
import { freePorts } from '../support/free-ports.ts';
import { removeTemporaryFolders, startProduct, temporaryFolder } from '../support/product-process.ts';

const slow = 60_000;

const configuration = (port: number) => `
issuer: http://localhost:${port}
listen: { port: ${port} }
key_file: ./key
organisation: { name: Lantern Works }
administration: { tenant: works }
connections:
  - { id: demo, type: oidc, name: Lantern SSO, issuer: 'http://localhost:${port + 1}', client_id: lantern, client_secret: ${'c'.repeat(43)} }
tenants: [{ id: works, name: Works }]
roles:
  - { id: staff, name: Staff, permissions: ['notes:read'] }
  - { id: warden, name: Warden, permissions: ['drawbridge:read', 'drawbridge:platform'] }
resources:
  - id: notes
    identifier: http://localhost:${port}/mcp
    upstream: http://localhost:${port + 2}/mcp
    name: Works Notes
    scopes: [{ name: read, title: Look at notes, permissions: ['notes:read'] }]
`;

let port = 0;
let folder = '';
let idp: DemoIdp;
beforeAll(async () => {
  port = await freePorts();
  folder = temporaryFolder();
  writeFileSync(join(folder, 'drawbridge.yaml'), configuration(port));
  writeFileSync(join(folder, 'key'), randomBytes(32).toString('base64url'));
  const redirect_uris = [`http://localhost:${port}/callback/demo`];
  idp = await startDemoIdp({ port: port + 1, clients: [{ client_id: 'lantern', client_secret: 'c'.repeat(43), redirect_uris }] });
}, slow);
afterAll(async () => {
  await idp.close();
  await removeTemporaryFolders();
}, slow);

const start = () => startProduct({ port, folder, args: ['--config', 'drawbridge.yaml'] });
const linkIn = (stdout: string) => /http:\/\/localhost:\d+\/admin\/invitation\?ticket=\S+/.exec(stdout)?.[0] ?? null;

it(
  'prints a link, by which one person becomes the administrator; the next start prints none, and the log never had it [W132] [W133]',
  async () => {
    const first = await start();
    const link = linkIn(first.stdout());
    expect(first.stdout()).toContain('Nobody administers Works yet. Whoever opens this link first and signs in becomes Warden:');
    expect(first.stdout()).toMatch(/It works once, until \d\d:\d\d UTC; the next start makes another\./);
    const browser = openBrowser();
    await browser.get(link ?? '');
    await browser.submit({}, { form: '/admin/invitation', press: 'Sign in' });
    await signIn(browser, 'dave');
    await browser.submit({}, { form: '/invitation', press: 'Take it' });
    await browser.submit({ scope: ['admin:read', 'admin:write'] }, { form: '/consent', press: 'Approve' });
    expect([browser.page.status, browser.page.url.pathname]).toEqual([200, '/admin/workspaces/works/rules']);
    expect(first.stderr()).not.toContain('ticket=');
    await first.stop();
    const second = await start();
    expect([linkIn(second.stdout()), second.stdout()]).toEqual([null, expect.not.stringContaining('Nobody administers')]);
    const late = openBrowser();
    await late.get(link ?? '');
    expect(late.page.status).toBe(410);
    // Still signed in, and still the administrator.
    await browser.get(`http://localhost:${port}/admin`);
    expect([browser.page.status, browser.page.url.pathname]).toEqual([200, '/admin/workspaces/works/rules']);
    await second.stop();
  },
  slow,
);
