import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readOptions } from '../../src/cli/options.ts';
import { sha256 } from '../../src/domain/digest.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { scimTokens } from '../../src/stores/provisioned-collections.ts';
import { removeTemporaryFolders, runProduct, temporaryFolder } from '../support/product-process.ts';

afterAll(() => removeTemporaryFolders());

/** A folder with a configuration of two connections, of which one is provisioned, and with a store. */
async function installation() {
  const folder = temporaryFolder();
  const store = `sqlite:${join(folder, 'store.db')}`;
  const text = `
issuer: http://localhost:4444
store: ${store}
organisation: { name: Works }
connections:
  - { id: corp, type: oidc, name: Works, issuer: 'http://localhost:1', client_id: us, client_secret: cnry, provisioning: { scim: true } }
  - { id: plain, type: oidc, name: Plain, issuer: 'http://localhost:2', client_id: us, client_secret: cnry }
tenants: [{ id: works, name: Works, defaultRole: staff }]
roles: [{ id: staff, name: Staff }]
resources:
  - { id: r, identifier: 'http://localhost:4444/mcp', upstream: 'http://localhost:1/mcp', name: R, scopes: [{ name: read, title: Read }] }
`;
  writeFileSync(join(folder, 'drawbridge.yaml'), text);
  const opened = async <T>(work: (engine: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> => {
    const engine = await openStore(store, { clock: systemClock, log: () => undefined });
    return work(engine).finally(() => engine.close());
  };
  await opened(async () => Promise.resolve());
  const token = async (connection: string, ...args: string[]) =>
    runProduct({ folder, args: ['scim', 'token', connection, '--config', 'drawbridge.yaml', ...args] });
  return { token, opened };
}

describe('scim token', () => {
  it('prints a token once, keeps its digest, has two good at a time, and ends the older ones when asked to', async () => {
    const { token, opened } = await installation();
    const made = async (...args: string[]) => {
      const { stdout, code } = await token('corp', '--json', ...args);
      expect(code).toBe(0);
      return JSON.parse(stdout) as { url: string; token: string; revoked: number };
    };
    const digests = () => opened(async (engine) => (await engine.page(scimTokens)).map(({ id, connectionId }) => [id, connectionId]));
    const [first, second] = [await made(), await made()];
    expect(first).toEqual({ url: 'http://localhost:4444/scim/v2/corp', token: expect.stringMatching(/^db_scim_[\w-]{43}$/), revoked: 0 });
    expect(new Set((await digests()).map(String))).toEqual(new Set([first, second].map((each) => `${sha256(each.token)},corp`)));
    expect(await token('corp')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'Two tokens are good already: --revoke-older ends them and prints one in their place.\n',
    });
    const third = await made('--revoke-older');
    expect([third.revoked, await digests()]).toEqual([2, [[sha256(third.token), 'corp']]]);
    const events = await opened(async (engine) => (await engine.page(auditEvents)).map(({ event }) => event as Record<string, unknown>));
    expect(events.map(({ event, connectionId }) => [event, connectionId])).toEqual(
      Array.from({ length: 3 }, () => ['provisioning.token-issued', 'corp']),
    );
    expect(JSON.stringify(events)).not.toContain('db_scim_');
    const words = await token('corp');
    expect(words.stdout).toMatch(
      /^address: http:\/\/localhost:4444\/scim\/v2\/corp\ntoken: {3}db_scim_[\w-]{43}\n0 of before ended; the token is not shown again\n$/,
    );
  });

  it('is for a connection that is provisioned', async () => {
    const { token } = await installation();
    expect(await token('nobody')).toMatchObject({ code: 1, stdout: '', stderr: 'There is no connection "nobody".\n' });
    const { code, stdout, stderr } = await token('plain');
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      'Nobody is provisioned through "plain": write provisioning: { scim: true } there first.\n',
    ]);
  });

  it('reads its options', () => {
    const options = { command: 'scim token', config: 'd.yaml', connection: 'corp', revokeOlder: true, json: true };
    expect(readOptions(['scim', 'token', 'corp', '--config', 'd.yaml', '--revoke-older', '--json'])).toEqual(options);
  });
});
