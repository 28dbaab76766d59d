import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { listen } from '../../src/cli/server.ts';
import { compose } from '../../src/compose.ts';
import type { Broker } from '../../src/compose.ts';
import { demoConfig } from '../../src/config/demo.ts';
import type { Config } from '../../src/config/schema.ts';
import { startDemoIdp } from '../../src/demo/identity-server.ts';
import { startDemoMcp } from '../../src/demo/mcp-server.ts';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { freePorts } from './free-ports.ts';

/** A clock a test can move; it runs otherwise. */
export interface MovableClock {
  now(): number;
  advance(ms: number): void;
}

export interface System {
  readonly issuer: string;
  readonly mcp: string;
  readonly idp: string;
  readonly upstream: string;
  readonly config: Config;
  /** The store underneath, for looking at effects. */
  readonly engine: DocumentEngine;
  readonly clock: MovableClock;
  /** Every line the broker logged. */
  readonly lines: string[];
  /** What its secrets at rest are sealed under. */
  readonly masterKey: Secret<'key'>;
  /** What a start prints for whoever is to administer first. */
  inviteFirst(): ReturnType<Broker['inviteFirst']>;
  /** What the running server does once a minute. */
  tend(): Promise<void>;
  /** Ends the broker and its store and starts another over the same file and key, with another configuration if `change` says so. */
  restart(change?: (config: Config) => Config, store?: string): Promise<void>;
  close(): Promise<void>;
}

export interface SystemOptions {
  /** Changes the demonstration's configuration before the start. */
  readonly configure?: (config: Config) => Config;
  /** Wraps the engine, for example to delay it. */
  readonly wrapEngine?: (engine: DocumentEngine) => DocumentEngine;
}

export interface FreshDatabase {
  readonly store: string;
  drop(): Promise<void>;
}

/** A database of its own on the server that TEST_STORE_URL names; null when the tests run on the embedded store. */
export function freshMongo(): FreshDatabase | null {
  const server = process.env['TEST_STORE_URL'];
  if (server === undefined || server === '') return null;
  const url = new URL(server);
  url.pathname = `/system_${nodeEntropy.id()}`;
  const drop = async () => {
    const client = new MongoClient(url.href);
    await client.db().dropDatabase();
    await client.close();
  };
  return { store: url.href, drop };
}

/** A store nobody else has: a file, or a database of the server that TEST_STORE_URL names. */
const freshDatabase = (folder: string): FreshDatabase =>
  freshMongo() ?? { store: `sqlite:${join(folder, 'store.db')}`, drop: async () => Promise.resolve() };

/** The whole demonstration in this process, on free ports and a store of its own. */
export async function startSystem({
  configure = (config) => config,
  wrapEngine = (engine) => engine,
}: SystemOptions = {}): Promise<System> {
  const port = await freePorts();
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'));
  const client_secret = nodeEntropy.secret();
  const database = freshDatabase(folder);
  let config = configure({ ...demoConfig(port, { client_secret }), store: database.store });
  let offset = 0;
  const clock: MovableClock = {
    now: () => Date.now() + offset,
    advance: (ms) => {
      offset += ms;
    },
  };
  const lines: string[] = [];
  const log = openLog({ level: config.log.level, isForPeople: false, write: (line) => lines.push(line) });
  const masterKey = new Secret<'key'>(Buffer.from(nodeEntropy.bytes(32)).toString('base64url'));
  const start = async (store = database.store) => {
    const file = await openStore(store, { clock, log: () => undefined });
    const engine = wrapEngine(file);
    return { file, engine, broker: await compose({ config, engine, masterKey, clock, entropy: nodeEntropy, log }) };
  };
  let running = await start();
  const listening = await listen({ host: '127.0.0.1', port });
  listening.serve(running.broker.answer);
  const client = { client_id: 'drawbridge-demo', client_secret, redirect_uris: [`${config.issuer}/callback/demo`] };
  const idp = await startDemoIdp({ port: port + 1, clients: [client] });
  const upstream = await startDemoMcp({ port: port + 2, gatewayJwksUrl: `${config.issuer}/jwks`, gatewayIssuer: config.issuer });
  return {
    issuer: config.issuer,
    mcp: `${config.issuer}/mcp`,
    idp: idp.issuer,
    upstream: upstream.url,
    get config() {
      return config;
    },
    get engine() {
      return running.engine;
    },
    clock,
    lines,
    masterKey,
    inviteFirst: () => running.broker.inviteFirst(),
    tend: () => running.broker.tend(),
    restart: async (change = (same) => same, store = database.store) => {
      running.broker.close();
      await running.file.close();
      config = change(config);
      running = await start(store);
      listening.serve(running.broker.answer);
    },
    close: async () => {
      await listening.close(200);
      await Promise.all([idp.close(), upstream.close()]);
      running.broker.close();
      await running.file.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
