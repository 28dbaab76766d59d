import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readOptions } from '../../src/cli/options.ts';
import { startDnsServer } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';

let dns: DnsServer;
beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(async () => {
  await dns.close();
  await removeTemporaryFolders();
});
afterEach(() => dns.answers.clear());

/** A folder with a configuration of two domains, as an operator has it. */
function folderWith(port: number): string {
  const folder = temporaryFolder();
  const text = `
issuer: http://localhost:${port}
listen: { host: localhost, port: ${port} }
store: sqlite:./data/store.db
organisation: { name: Works }
dns: { servers: ['${dns.address}'] }
connections:
  - { id: corp, type: oidc, name: Works, issuer: 'http://localhost:1', client_id: us, client_secret: cnry, domains: [works.example, plant.example] }
tenants: [{ id: works, name: Works, defaultRole: staff }]
roles: [{ id: staff, name: Staff }]
resources:
  - { id: r, identifier: 'http://localhost:${port}/mcp', upstream: 'http://localhost:1/mcp', name: R, scopes: [{ name: read, title: Read }] }
`;
  writeFileSync(join(folder, 'drawbridge.yaml'), text);
  return folder;
}

interface Told {
  readonly domains: readonly {
    domain: string;
    record: { name: string; value: string };
    state: string;
    since: string | null;
    reason: string | null;
  }[];
}

const args = ['domains', '--config', 'drawbridge.yaml'];
const domainsIn = async (folder: string) => {
  const { stdout, stderr, code } = await runProduct({ folder, args: [...args, '--json'] });
  return { code, stderr, domains: (JSON.parse(stdout) as Told).domains };
};
const publish = ({ name, value }: { name: string; value: string }) => dns.answers.set(name, [[value]]);

describe('domains', () => {
  it('says what to publish before the first start, and afterwards what became of it', async () => {
    const folder = folderWith(await freePorts());
    const first = await domainsIn(folder);
    expect(first).toMatchObject({
      code: 1,
      domains: [
        {
          domain: 'works.example',
          connection: 'corp',
          record: { name: '_drawbridge.works.example', type: 'TXT' },
          state: 'not-found',
          since: null,
        },
        { domain: 'plant.example', state: 'not-found' },
      ],
    });
    const [works, plant] = first.domains;
    if (works === undefined || plant === undefined) throw new Error('two domains are configured');
    expect(works.record.value).toMatch(/^drawbridge=[\w-]{43}$/);
    expect(works.record.value).not.toBe(plant.record.value);
    publish(works.record);
    dns.answers.set(plant.record.name, 'SERVFAIL');
    const second = await domainsIn(folder);
    // The key was made at the first look and stays: the record is still the one to publish.
    expect(second.domains.map(({ record }) => record)).toEqual([works.record, plant.record]);
    expect(second.domains.map(({ state }) => state)).toEqual(['proven', 'no-answer']);
    publish(plant.record);
    expect((await domainsIn(folder)).code).toBe(0);
    const people = await runProduct({ folder, args });
    expect(people.stdout).toContain('works.example leads to the connection corp');
    expect(people.stdout).toContain(`  record  ${works.record.name}  TXT  "${works.record.value}"`);
  });

  it('tells since when where the store can be asked, and what DNS alone says while Drawbridge runs on it', async () => {
    const folder = folderWith(await freePorts());
    for (const { record } of (await domainsIn(folder)).domains) publish(record);
    const product = await startProduct({ folder, args: ['--config', 'drawbridge.yaml'] });
    try {
      const beside = await domainsIn(folder);
      expect(beside).toMatchObject({ code: 0, stderr: expect.stringContaining('another process has it open') });
      expect(beside.domains.map(({ state, since }) => [state, since])).toEqual([
        ['proven', null],
        ['proven', null],
      ]);
    } finally {
      expect((await product.stop()).code).toBe(0);
    }
    // The start looked for itself, and the store remembers it.
    for (const name of dns.answers.keys()) dns.answers.set(name, 'silence');
    const after = await domainsIn(folder);
    const since = expect.stringMatching(/^20\d\d-.*Z$/);
    expect(after).toMatchObject({ code: 0, stderr: '' });
    expect(after.domains).toEqual([
      expect.objectContaining({ state: 'proven', since, reason: 'ETIMEOUT' }),
      expect.objectContaining({ state: 'proven', since, reason: 'ETIMEOUT' }),
    ]);
    for (const name of dns.answers.keys()) dns.answers.set(name, [['something else']]);
    const people = await runProduct({ folder, args });
    expect([people.code, people.stdout]).toEqual([
      1,
      expect.stringContaining('not found: another value stands there (1 other TXT records)'),
    ]);
  });

  it('has nothing to tell where no connection names one', async () => {
    const { stdout, code } = await runProduct({ args: ['domains'] });
    expect([stdout, code]).toEqual(['No connection names an e-mail domain.\n', 0]);
  });

  it('reads its options', () => {
    expect(readOptions(['domains'])).toEqual({ command: 'domains', config: null, json: false });
    expect(readOptions(['domains', '--config', 'c.yaml', '--json'])).toEqual({ command: 'domains', config: 'c.yaml', json: true });
  });
});
