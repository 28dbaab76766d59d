import { listen } from '../../../src/cli/server.ts';
import type { Listening } from '../../../src/cli/server.ts';
import { compose } from '../../../src/compose.ts';
import type { Broker } from '../../../src/compose.ts';
import { demoConfig } from '../../../src/config/demo.ts';
import type { Config } from '../../../src/config/schema.ts';
import { startDemoIdp } from '../../../src/demo/identity-server.ts';
import { startDemoMcp } from '../../../src/demo/mcp-server.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { nodeEntropy } from '../../../src/platform/node-entropy.ts';
import { openLog } from '../../../src/platform/pino-log.ts';
import { systemClock } from '../../../src/platform/system-clock.ts';
import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import { openStore } from '../../../src/stores/open-store.ts';
import type { FaultMode, FaultProxy, FaultSettings } from '../../support/fault-proxy.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import type { MongoServer } from '../../support/mongo-server.ts';
import { freePorts } from '../../support/free-ports.ts';
import { startFront } from './front.ts';
import type { Front } from './front.ts';
import { startLosingLink } from './losing-link.ts';
import type { LosingLink } from './losing-link.ts';

export interface Instance {
  readonly name: string;
  /** Between this instance and the store. */
  readonly link: FaultProxy;
  /** Behind it, for faults that hit one kind of command. */
  readonly losing: LosingLink;
  readonly engine: DocumentEngine;
  readonly broker: Broker;
}

/** Several brokers in this process, which share nothing but a MongoDB, behind one address; the demonstration's other parts beside them. */
export interface Cluster {
  readonly issuer: string;
  readonly mcp: string;
  readonly config: Config;
  readonly instances: readonly Instance[];
  readonly front: Front;
  /** The test's own way to the store, which no fault is on. */
  readonly engine: DocumentEngine;
  readonly masterKey: Secret<'key'>;
  /** Every line any instance logged. */
  readonly lines: string[];
  /** Puts a fault on the links of all instances, or of those named. */
  fault(mode: FaultMode, settings?: FaultSettings, names?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly server: MongoServer;
  readonly names?: readonly string[];
  readonly configure?: (config: Config) => Config;
  /** By how much the clock of one instance is off (ms). */
  readonly skew?: (name: string) => number;
  /** Wraps the engine of one instance. */
  readonly wrapEngine?: (engine: DocumentEngine, name: string) => DocumentEngine;
}

const many = {
  authorizePerMinute: 1_000_000,
  registerPerMinute: 1_000_000,
  tokenFailuresPerMinute: 1_000_000,
  scimFailuresPerMinute: 1_000_000,
  answersPerMinute: 100_000,
  previewsPerMinute: 100_000,
};
const quietly = { clock: systemClock, log: () => undefined };

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { server, names = ['a', 'b'], configure = (same) => same, wrapEngine = (same) => same, skew = () => 0 } = options;
  const database = server.database();
  const port = await freePorts();
  const client_secret = nodeEntropy.secret();
  const config = configure({ ...demoConfig(port, { client_secret }), store: server.url(database), limits: many });
  const masterKey = new Secret<'key'>(Buffer.from(nodeEntropy.bytes(32)).toString('base64url'));
  const lines: string[] = [];
  const world = { config, masterKey, entropy: nodeEntropy };

  async function startInstance(name: string): Promise<Instance & { readonly listening: Listening; readonly opened: DocumentEngine }> {
    const losing = await startLosingLink(server.host);
    const link = await startFaultProxy(losing.host);
    const opened = await openStore(server.url(database, link.host), quietly);
    const engine = wrapEngine(opened, name);
    const log = openLog({ level: 'info', isForPeople: false, write: (line) => lines.push(line) });
    const clock = { now: () => systemClock.now() + skew(name) };
    const broker = await compose({ ...world, clock, engine, log });
    const listening = await listen({ host: '127.0.0.1', port: 0 });
    listening.serve(broker.answer);
    return { name, link, losing, engine, broker, listening, opened };
  }

  const engine = await openStore(server.url(database), quietly);
  const instances: Awaited<ReturnType<typeof startInstance>>[] = [];
  for (const name of names) instances.push(await startInstance(name));
  const front = await startFront(port, new Map(instances.map(({ name, listening }) => [name, listening.port])));
  const redirect_uris = [`${config.issuer}/callback/demo`];
  const idp = await startDemoIdp({ port: port + 1, clients: [{ client_id: 'drawbridge-demo', client_secret, redirect_uris }] });
  const upstream = await startDemoMcp({ port: port + 2, gatewayJwksUrl: `${config.issuer}/jwks`, gatewayIssuer: config.issuer });
  return {
    issuer: config.issuer,
    mcp: `${config.issuer}/mcp`,
    config,
    instances,
    front,
    engine,
    masterKey,
    lines,
    fault: async (mode, settings, only = names) => {
      await Promise.all(instances.filter(({ name }) => only.includes(name)).map(({ link }) => link.set(mode, settings)));
    },
    close: async () => {
      await front.close();
      for (const { listening, broker, opened, link, losing } of instances) {
        await listening.close(200);
        broker.close();
        await opened.close();
        await link.close();
        await losing.close();
      }
      await Promise.all([idp.close(), upstream.close(), engine.close()]);
    },
  };
}
