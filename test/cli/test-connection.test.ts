import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readOptions } from '../../src/cli/options.ts';
import { Browser } from '../support/browser.ts';
import { openHostileIdp } from '../support/hostile-idp.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';

let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(async () => {
  await idp.close();
  await removeTemporaryFolders();
});

/** A folder with a configuration as an operator has it. */
function folderWith(tenant: string, secret = 'CNRYclientsecret'): string {
  const folder = temporaryFolder();
  const text = `
issuer: http://localhost:4321
store: sqlite:./data/store.db
organisation: { name: Works }
connections:
  - { id: corp, type: oidc, name: Works, issuer: '${idp.issuer}', client_id: drawbridge, client_secret: ${secret} }
tenants: [{ id: works, name: Works, ${tenant} }]
roles: [{ id: staff, name: Staff }]
resources:
  - { id: r, identifier: 'http://localhost:4321/mcp', upstream: 'http://localhost:1/mcp', name: R, scopes: [{ name: read, title: Read }] }
`;
  writeFileSync(join(folder, 'drawbridge.yaml'), text);
  return folder;
}

const args = ['connections', 'test', 'corp', '--config', 'drawbridge.yaml'];

describe('connections test', () => {
  it('tells that nothing speaks against it, without a store and without writing one', async () => {
    const folder = folderWith('defaultRole: staff');
    const { stdout, stderr, code } = await runProduct({ folder, args });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Nothing speaks against it: ');
    expect(stdout).toContain('redirect URI  http://localhost:4321/callback/corp');
    expect(stdout).not.toContain('Fix this');
    await expect(runProduct({ folder, args: ['audit', '--config', 'drawbridge.yaml'] })).resolves.toMatchObject({ code: 1 });
  });

  it('puts first what has to be fixed, says what to do, and exits with 1', async () => {
    const folder = folderWith('defaultRole: staff, requireMfa: true', 'CNRYwrong');
    const { stdout, code } = await runProduct({ folder, args });
    expect(code).toBe(1);
    expect(stdout).toContain('It cannot work like this: ');
    expect(stdout).toMatch(/Fix this .*\n {13}What to do: .*\n {2}Fix this .*\n {13}What to do: .*\n {2}Not run /);
    expect(stdout.match(/Fix this/g)).toHaveLength(2);
    const told = JSON.parse((await runProduct({ folder, args: [...args, '--json'] })).stdout) as {
      checks: { check: string; result: string }[];
    };
    expect(told.checks.filter(({ result }) => result === 'problem').map(({ check }) => check)).toEqual(['second-factor', 'client']);
    expect(stdout + JSON.stringify(told)).not.toContain('CNRY');
  });

  it('knows the running demonstration, whose secret it cannot try', async () => {
    const product = await startProduct();
    try {
      const { stdout, code } = await runProduct({
        env: { PORT: String(product.port) },
        folder: product.folder,
        args: ['connections', 'test', 'demo', '--json'],
      });
      const { checks } = JSON.parse(stdout) as { checks: { check: string; result: string; says: string }[] };
      expect(checks.filter(({ result }) => result === 'problem' || result === 'warning')).toEqual([]);
      expect(checks.find(({ check }) => check === 'client')?.result).toBe('not-run');
      expect(checks.find(({ check }) => check === 'keys')?.result).toBe('ok');
      expect(code).toBe(0);
      // The link leads through the running product to its identity provider.
      const { sign_in_test } = JSON.parse(stdout) as { sign_in_test: string };
      const browser = new Browser({ portsShareCookies: true });
      expect((await browser.get(sign_in_test)).status).toBe(200);
      const away = await browser.submit();
      expect([away.status, away.url.origin]).toEqual([200, product.idp]);
    } finally {
      await product.stop();
    }
  });

  it('names the connections there are when asked for another', async () => {
    const { stderr, code } = await runProduct({ args: ['connections', 'test', 'nobody'] });
    expect([stderr, code]).toEqual(['There is no connection of that name; there is demo.\n', 1]);
  });

  it('reads its options', () => {
    const given = { command: 'connections test', config: 'x.yaml', connection: 'corp', json: true };
    expect(readOptions(['connections', 'test', 'corp', '--config', 'x.yaml', '--json'])).toEqual(given);
    expect(readOptions(['connections', 'test', 'corp'])).toEqual({ ...given, config: null, json: false });
  });
});
