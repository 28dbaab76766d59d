import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { systemClock } from '../../src/platform/system-clock.ts';
import { auditEvents, invitations } from '../../src/stores/collections.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { loadConfig } from '../../src/config/load.ts';
import { policyOf } from '../../src/config/policy.ts';
import { removeTemporaryFolders, runProduct, temporaryFolder } from '../support/product-process.ts';

afterAll(() => removeTemporaryFolders());

const text = (store: string, administration: string) => `
issuer: http://localhost:4444
store: ${store}
organisation: { name: Works }
${administration}
connections:
  - { id: corp, type: oidc, name: Works, issuer: 'http://localhost:1', client_id: us, client_secret: cnry }
tenants: [{ id: works, name: Works, defaultRole: staff }]
roles: [{ id: staff, name: Staff }, { id: boss, name: Boss, permissions: ['drawbridge:read', 'drawbridge:people'] }]
resources:
  - { id: r, identifier: 'http://localhost:4444/mcp', upstream: 'http://localhost:1/mcp', name: R, scopes: [{ name: read, title: Read }] }
`;

it('prints a link once, for a role that administers, and says so in the record', async () => {
  const folder = temporaryFolder();
  const store = `sqlite:${join(folder, 'store.db')}`;
  const file = join(folder, 'drawbridge.yaml');
  writeFileSync(file, text(store, 'administration: {}'));
  const opened = async <T>(work: (engine: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> => {
    const engine = await openStore(store, { clock: systemClock, log: () => undefined });
    return work(engine).finally(() => engine.close());
  };
  const run = async (...args: string[]) => runProduct({ folder, args: ['invite', ...args, '--config', 'drawbridge.yaml'] });
  await opened(async () => Promise.resolve());
  expect(await run('works', 'boss')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'Nothing is in force yet: Drawbridge has to have been started once.\n',
  });
  const config = loadConfig({ file, env: {}, readFile: (path) => (path === file ? text(store, 'administration: {}') : '') });
  await opened((engine) => openPolicies(engine).add({ number: 1, at: 1, source: 'start', by: null, note: '' }, policyOf(config)));
  const printed = await run('works', 'boss', '--hours', '2', '--json');
  expect(printed.code).toBe(0);
  const { link, tenant, role, expiresAt } = JSON.parse(printed.stdout) as { link: string; tenant: string; role: string; expiresAt: number };
  expect([tenant, role]).toEqual(['works', 'boss']);
  expect(Math.abs(expiresAt - Date.now() - 2 * 3_600_000)).toBeLessThan(60_000);
  expect(link).toMatch(/^http:\/\/localhost:4444\/admin\/invitation\?ticket=./);
  const words = await run('works', 'boss');
  expect(words.stdout).toMatch(
    /^Whoever opens this first and signs in becomes Boss of Works:\n {2}http:.*\nIt works once, until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n$/,
  );
  const [rows, events] = await opened(async (engine) => [await engine.page(invitations), await engine.page(auditEvents)]);
  expect(rows.map(({ tenantId, role: given, source }) => [tenantId, given, source])).toEqual([
    ['works', 'boss', 'operator'],
    ['works', 'boss', 'operator'],
  ]);
  expect(events.map(({ event }) => (event as { event: string }).event)).toEqual(['invitation.made', 'invitation.made']);
  expect(await run('works', 'staff')).toMatchObject({
    code: 1,
    stderr: 'There is no role that administers of that name; there is boss.\n',
  });
  expect(await run('elsewhere', 'boss')).toMatchObject({ code: 1, stderr: 'There is no tenant of that name; there is works.\n' });
  expect(await run('works', 'boss', '--hours', '0')).toMatchObject({ code: 1 });
  writeFileSync(file, text(store, ''));
  expect(await run('works', 'boss')).toMatchObject({
    code: 1,
    stderr: 'Nothing is administered over HTTP here: write administration: {} first.\n',
  });
});
