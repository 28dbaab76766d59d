/** The demonstration and its file: what `--fresh` removes and what it leaves alone. A MongoDB that somebody names is never emptied. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { callTool, login, refresh } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { removeTemporaryFolders, runProduct, startProduct } from '../support/product-process.ts';
import type { Launch, Product } from '../support/product-process.ts';

const slow = 60_000;
const running = new Set<Product>();

async function start(launch: Launch = {}): Promise<Product> {
  const product = await startProduct(launch);
  running.add(product);
  return product;
}

afterEach(async () => {
  await Promise.all([...running].map((product) => product.stop()));
  running.clear();
}, slow);
afterAll(removeTemporaryFolders);

describe('the store in ./data', () => {
  it(
    '--fresh forgets what the demonstration knew, and a start without it does not',
    async () => {
      const first = await start();
      const { client, tokens } = await login(first);
      await callTool(first, tokens.access_token, 'add_note', { text: 'before' });
      await first.stop();
      const second = await start({ port: first.port, folder: first.folder });
      const again = await refresh(second, client, tokens.refresh_token);
      expect(again.status).toBe(200);
      const { access_token, refresh_token } = (await again.json()) as Tokens;
      expect(await (await callTool(second, access_token, 'list_notes')).text()).toContain('before');
      await second.stop();
      const fresh = await start({ port: first.port, folder: first.folder, args: ['--fresh'] });
      expect((await refresh(fresh, client, refresh_token)).status).toBe(400);
      expect((await callTool(fresh, access_token, 'whoami')).status).toBe(401);
      const anew = await login(fresh);
      expect(await (await callTool(fresh, anew.tokens.access_token, 'list_notes')).text()).not.toContain('before');
    },
    slow,
  );

  it(
    '--fresh beside one that runs takes nothing from it',
    async () => {
      const first = await start();
      const { tokens } = await login(first);
      const second = await runProduct({ env: { PORT: String(first.port) }, folder: first.folder, args: ['--fresh'] });
      expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`Port ${first.port} is taken`) });
      expect((await callTool(first, tokens.access_token, 'whoami')).status).toBe(200);
    },
    slow,
  );

  it(
    'a store that the environment names is used as it is said, and never forgotten',
    async () => {
      const product = await start({ env: { DRAWBRIDGE_STORE: 'sqlite:./elsewhere/notes.db' } });
      expect(readdirSync(join(product.folder, 'elsewhere')).toSorted()).toEqual(expect.arrayContaining(['master.key', 'notes.db']));
      expect(existsSync(join(product.folder, 'data'))).toBe(false);
      await product.stop();
      const refused = await runProduct({
        folder: product.folder,
        args: ['--fresh'],
        env: { DRAWBRIDGE_STORE: 'sqlite:./elsewhere/notes.db' },
      });
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^--fresh forgets what is in \.\/data/) });
      expect(existsSync(join(product.folder, 'elsewhere/notes.db'))).toBe(true);
      const misspelt = await runProduct({ env: { DRAWBRIDGE_STORE: 'mongo://CNRY' } });
      expect(misspelt).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^DRAWBRIDGE_STORE must be sqlite: and a path/),
      });
      expect(misspelt.stderr).not.toContain('CNRY');
    },
    slow,
  );
});
