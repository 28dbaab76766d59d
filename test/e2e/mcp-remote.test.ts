/** mcp-remote, the bridge that clients without OAuth of their own start: spoken to over its standard input and output, as they do. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { answerFor, startTool } from './support/tool-process.ts';
import type { Tool } from './support/tool-process.ts';

const slow = 60_000;
const opened = /^(http\S+\/authorize\?\S+)$/m;

const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'desktop', version: '1' } };

/** Sends one request, and answers with its result. */
async function ask(tool: Tool, id: number, method: string, params: unknown = {}): Promise<Record<string, unknown>> {
  tool.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  const line = await tool.says(new RegExp(`^(\\{"jsonrpc":"2.0","id":${id},.*\\})$`, 'm'));
  return (JSON.parse(line) as { result: Record<string, unknown> }).result;
}

needs('mcp-remote', 'mcp-remote', (bridge) => {
  let product: Product;
  let tool: Tool;
  beforeAll(async () => {
    product = await startProduct();
  }, slow);
  afterAll(async () => {
    await tool.stop();
    await product.stop();
    await removeTemporaryFolders();
  }, slow);

  /** As a desktop app starts it, with nowhere to open a browser: the address it prints is what a person would follow. */
  function start(home: string): Tool {
    tool = startTool(process.execPath, [bridge, product.mcp], {
      cwd: home,
      env: { HOME: home, MCP_REMOTE_CONFIG_DIR: home, BROWSER: 'true' },
    });
    return tool;
  }

  it(
    '[AL-15] signs in once with nothing but the address, lists and calls tools, and needs nobody the next time',
    async () => {
      const home = temporaryFolder();
      const first = start(home);
      const opening = first.says(opened);
      const greeted = ask(first, 1, 'initialize', initialize);
      expect((await answerFor(new URL(await opening), { login: 'alice', scope: ['read'] })).status).toBe(200);
      expect(await greeted).toMatchObject({ protocolVersion: '2025-11-25', serverInfo: { name: 'drawbridge-demo-notes' } });
      first.write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
      const { tools } = (await ask(first, 2, 'tools/list')) as { tools: { name: string }[] };
      expect(tools.map(({ name }) => name).toSorted()).toEqual(['add_note', 'list_notes', 'whoami']);
      const whoami = await ask(first, 3, 'tools/call', { name: 'whoami', arguments: {} });
      expect(whoami['structuredContent']).toMatchObject({ name: 'Alice Archer', tenant: 'acme', roles: ['editor'] });
      await first.stop();

      await product.stop();
      product = await startProduct({ port: product.port, folder: product.folder });
      const second = start(home);
      expect(await ask(second, 1, 'initialize', initialize)).toMatchObject({ serverInfo: { name: 'drawbridge-demo-notes' } });
      expect((await ask(second, 2, 'tools/call', { name: 'whoami', arguments: {} }))['structuredContent']).toMatchObject({
        tenant: 'acme',
      });
      expect(second.output()).not.toMatch(opened);
    },
    slow,
  );
});
