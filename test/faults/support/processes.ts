import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { startDemoIdp } from '../../../src/demo/identity-server.ts';
import { startDemoMcp } from '../../../src/demo/mcp-server.ts';
import { demoConfig } from '../../../src/config/demo.ts';
import { systemClock } from '../../../src/platform/system-clock.ts';
import type { CollectionDeclaration, DocumentEngine, Page, StoredDocument } from '../../../src/ports/document-engine.ts';
import { openStore, storeFile } from '../../../src/stores/open-store.ts';
import { startProduct, temporaryFolder } from '../../support/product-process.ts';
import type { Exit, Product } from '../../support/product-process.ts';
import { freePorts } from '../../support/free-ports.ts';
import type { Holdings } from './evidence.ts';
import type { Front } from './front.ts';
import { startFront } from './front.ts';
import { holdingsOf } from './holdings.ts';

/** Brokers as processes of their own behind one address, which can be killed; the demonstration's other parts are in this process. */
export interface Processes {
  readonly issuer: string;
  readonly mcp: string;
  readonly instances: readonly { readonly name: string }[];
  readonly front: Front;
  /** The test's own way to the store, for reading. */
  readonly engine: DocumentEngine;
  lines(): readonly string[];
  holdings(name: string): Holdings;
  /** Ends an instance by a signal and waits until it is gone. */
  end(name: string, signal: NodeJS.Signals): Promise<Exit>;
  /** Starts it again in its place, once it is gone. */
  start(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface ProcessesOptions {
  /** Several share a MongoDB; alone a process may have a file of its own, when this is left out. */
  readonly store?: string;
  readonly names?: readonly string[];
  /** Another MCP server than the demonstration's. */
  readonly upstream?: string;
  /** Over the configuration file. */
  readonly configure?: Readonly<Record<string, unknown>>;
}

/** Reads the file that a process has open, as docs/operating.md does. */
function openReader(path: string): DocumentEngine {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const page = async ({ name }: CollectionDeclaration, { after = '', limit = 100 }: Page = {}): Promise<StoredDocument[]> => {
    const rows = db.prepare(`SELECT doc FROM ${name} WHERE id > ? ORDER BY id LIMIT ?`).all(after, limit) as { doc: string }[];
    return Promise.resolve(rows.map(({ doc }) => JSON.parse(doc) as StoredDocument));
  };
  const close = async () => Promise.resolve(db.close());
  return Object.assign(Object.create(null) as DocumentEngine, { page, close });
}

async function openEngine(store: string): Promise<DocumentEngine> {
  const path = storeFile(store);
  return path === null ? openStore(store, { clock: systemClock, log: () => undefined }) : openReader(path);
}

const many = { authorizePerMinute: 1_000_000, registerPerMinute: 1_000_000, tokenFailuresPerMinute: 1_000_000 };

/** The demonstration's people, tenants and tools, as a file that every instance reads. */
function configuration(port: number, client_secret: string, upstream: string): Record<string, unknown> {
  const { issuer, connections, tenants, roles, resources, organisation } = demoConfig(port, { client_secret });
  return {
    issuer,
    organisation,
    tenants,
    roles,
    key: randomBytes(32).toString('base64url'),
    limits: many,
    connections: connections.map((connection) => ({ ...connection, client_secret })),
    resources: resources.map((resource) => ({ ...resource, upstream })),
  };
}

export async function startProcesses({ store, names = ['a'], upstream, configure = {} }: ProcessesOptions = {}): Promise<Processes> {
  const [port, folder] = [await freePorts(), temporaryFolder()];
  const client_secret = randomBytes(32).toString('base64url');
  const issuer = `http://localhost:${port}`;
  const idp = await startDemoIdp({
    port: port + 1,
    clients: [{ client_id: 'drawbridge-demo', client_secret, redirect_uris: [`${issuer}/callback/demo`] }],
  });
  const demo = await startDemoMcp({ port: port + 2, gatewayJwksUrl: `${issuer}/jwks`, gatewayIssuer: issuer });
  const place = store ?? `sqlite:${join(folder, 'drawbridge.db')}`;
  const file = { ...configuration(port, client_secret, upstream ?? demo.url), ...configure };
  writeFileSync(join(folder, 'drawbridge.yaml'), JSON.stringify(file));

  const ports = new Map<string, number>();
  const running = new Map<string, Product>();
  const over: string[] = [];
  const front = await startFront(port, new Map());
  async function start(name: string): Promise<void> {
    const at = ports.get(name) ?? (await freePorts());
    ports.set(name, at);
    const env = { DRAWBRIDGE_STORE: place, DRAWBRIDGE_HOST: '127.0.0.1', DRAWBRIDGE_PORT: String(at) };
    running.set(name, await startProduct({ port: at, folder, args: ['--config', 'drawbridge.yaml'], env }));
    front.targets.set(name, at);
  }
  async function end(name: string, signal: NodeJS.Signals): Promise<Exit> {
    const product = running.get(name);
    if (product === undefined) throw new Error(`${name} does not run`);
    const exit = await product.stop(signal);
    running.delete(name);
    over.push(...product.stderr().split('\n'));
    return exit;
  }
  for (const name of names) await start(name);
  const engine = await openEngine(place);
  return {
    issuer,
    mcp: `${issuer}/mcp`,
    instances: names.map((name) => ({ name })),
    front,
    engine,
    lines: () => [...over, ...[...running.values()].flatMap((product) => product.stderr().split('\n'))],
    holdings: (name) => holdingsOf(running.get(name)?.pid ?? 0),
    end,
    start,
    close: async () => {
      await front.close();
      await Promise.all([...running.keys()].map((name) => end(name, 'SIGKILL')));
      await engine.close();
      await Promise.all([idp.close(), demo.close()]);
    },
  };
}
