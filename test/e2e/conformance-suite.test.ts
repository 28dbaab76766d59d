/** The official conformance suite against the product as it starts: it registers nothing itself, prints an address and waits for the answer. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { register } from '../support/client.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { answerFor, startTool } from './support/tool-process.ts';

const slow = 60_000;

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** The suite wants a newer Node than the product does; one is installed beside it. */
function nodeBeside(suite: string): string {
  const beside = join(dirname(suite), 'node');
  return existsSync(beside) ? beside : process.execPath;
}

function checksIn(folder: string): Check[] {
  const reports = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('checks.json'));
  return reports.flatMap((path) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Check[]);
}

needs('conformance', 'the conformance suite, authorization mode', (suite) => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct();
  }, slow);
  afterAll(async () => {
    await product.stop();
    await removeTemporaryFolders();
  }, slow);

  it.each([
    ['without a resource', []],
    ['with one', ['--resource']],
  ])(
    '[A1.08] [A1.14] passes all of its checks %s',
    async (_, flag) => {
      const folder = temporaryFolder();
      const port = await freePorts();
      const client = await register(product, { client_name: 'Conformance', redirect_uris: [`http://127.0.0.1:${port}/callback`] });
      const resource = flag.flatMap((name) => [name, product.mcp]);
      const asked = ['--url', product.issuer, '--client-id', client.client_id, '-p', String(port), '--output-dir', folder, ...resource];
      const tool = startTool(nodeBeside(suite), [suite, 'authorization', ...asked], { cwd: folder });
      try {
        const url = new URL(await tool.says(/^(http\S+\/authorize\?\S+)$/m));
        await tool.says(/Callback server started/);
        expect(url.searchParams.get('resource')).toBe(flag.length === 0 ? null : product.mcp);
        expect(url.searchParams.get('scope')).toBeNull();
        expect((await answerFor(url)).status).toBe(200);
        expect(await tool.ended()).toBe(0);
      } finally {
        await tool.stop();
      }
      const checks = checksIn(folder);
      expect(checks.filter(({ status }) => status !== 'SUCCESS')).toEqual([]);
      expect(checks.map(({ id }) => id).toSorted()).toEqual([
        'authorization-code-grant',
        'authorization-server-metadata',
        'authorization-server-metadata-cimd',
      ]);
    },
    slow,
  );
});
