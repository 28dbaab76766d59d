import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readyLine, welcome } from './cli/announce.ts';
import { reportAudit } from './cli/audit.ts';
import { copyStore } from './cli/copy-store.ts';
import { keyBeside } from './cli/master-key.ts';
import { readDemoStore, readOptions, readPort } from './cli/options.ts';
import type { AuditOptions, CopyOptions, EndOptions, StartOptions } from './cli/options.ts';
import { listen } from './cli/server.ts';
import { compose } from './compose.ts';
import { demoConfig } from './config/demo.ts';
import { loadConfig } from './config/load.ts';
import { ConfigProblems } from './config/problems.ts';
import type { Config } from './config/schema.ts';
import { endGrants } from './flows/end-grants.ts';
import type { EndedGrants } from './flows/end-grants.ts';
import { nodeEntropy } from './platform/node-entropy.ts';
import { openLog } from './platform/pino-log.ts';
import { systemClock } from './platform/system-clock.ts';
import { LoginRefused } from './ports/connector.ts';
import { noFeed } from './ports/authority-feed.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import { readGrants } from './stores/all-grants.ts';
import { openAuditLog, readAuditChains } from './stores/audit-log.ts';
import { openAuthorityFeed } from './stores/authority-feed.ts';
import { collections } from './stores/collections.ts';
import { openGrants } from './stores/grants.ts';
import { openStore, storeFile } from './stores/open-store.ts';

interface Closing {
  close(): Promise<void>;
}

/** Where the demonstration, or any embedded store, keeps its files. */
const folderOf = ({ store }: Config) => dirname(storeFile(store) ?? './data/store');

function configure({ config }: Pick<StartOptions, 'config'>, demoSecret: string): Config {
  if (config === null) {
    const demo = demoConfig(readPort(process.env['PORT']), { client_secret: demoSecret || nodeEntropy.secret() });
    return { ...demo, store: readDemoStore(process.env['DRAWBRIDGE_STORE']) ?? demo.store };
  }
  return loadConfig({ file: config, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
}

/** The identity provider and the MCP server of the demonstration, loaded for it alone: nobody else carries a second OpenID provider. */
async function startDemonstration(config: Config, client_secret: string): Promise<Closing[]> {
  const [connection] = config.connections;
  const [resource] = config.resources;
  if (connection?.type !== 'oidc' || resource === undefined) return [];
  const [{ startDemoIdp }, { startDemoMcp }] = await Promise.all([import('./demo/identity-server.ts'), import('./demo/mcp-server.ts')]);
  const { client_id } = connection;
  const client = { client_id, client_secret, redirect_uris: [`${config.issuer}/callback/${connection.id}`] };
  return Promise.all([
    startDemoIdp({ port: Number(new URL(connection.issuer).port), clients: [client] }),
    startDemoMcp({
      port: Number(new URL(resource.upstream).port),
      gatewayJwksUrl: `${config.issuer}/jwks`,
      gatewayIssuer: config.issuer,
      dataFile: join(folderOf(config), 'demo-notes.json'),
    }),
  ]);
}

function forget(config: Config): void {
  rmSync(folderOf(config), { recursive: true, force: true });
}

async function start(options: StartOptions): Promise<() => Promise<void>> {
  // Known to the demonstration's two ends alone, and only as long as this process lives.
  const demoSecret = nodeEntropy.secret();
  const config = configure(options, demoSecret);
  if (options.fresh && readDemoStore(process.env['DRAWBRIDGE_STORE']) !== null)
    throw new Error('--fresh forgets what is in ./data, and nothing of a store that DRAWBRIDGE_STORE names: empty that one yourself.');
  const log = openLog({ level: config.log.level });
  const listening = await listen(config.listen);
  if (options.fresh) {
    // All three places must be ours before anything is forgotten.
    for (const next of [1, 2]) await (await listen({ ...config.listen, port: config.listen.port + next })).close(0);
    forget(config);
  }
  const masterKey = config.key ?? keyBeside(folderOf(config));
  const storeLog = (event: { readonly event: string }) => log.warn('store', { reason: JSON.stringify(event) });
  const engine = await openStore(config.store, { clock: systemClock, log: storeLog });
  const broker = await compose({ config, engine, masterKey, clock: systemClock, entropy: nodeEntropy, log });
  const answer = broker.app.callback();
  listening.serve((req, res) => void answer(req, res));
  const demonstration = options.config === null ? await startDemonstration(config, demoSecret) : [];
  for (const connector of broker.connectors)
    void connector.warmUp().catch((error: unknown) => {
      log.warn('connection.cold', { connection: connector.id, error, ...(error instanceof LoginRefused ? { reason: error.reason } : {}) });
    });
  const tending = setInterval(() => void broker.tend().catch((error: unknown) => log.error('tend', { error })), 60_000);
  process.stdout.write(
    `${welcome(config, { demonstration: options.config === null, colours: process.stdout.isTTY })}\n${readyLine(config, process.pid)}\n`,
  );
  return async () => {
    clearInterval(tending);
    const { noticeSeconds, graceSeconds } = config.shutdown;
    broker.drain();
    await delay(noticeSeconds * 1_000);
    broker.endListening();
    await listening.close(graceSeconds * 1_000, broker.cutShort);
    await Promise.all(demonstration.map((part) => part.close()));
    broker.close();
    await engine.close();
  };
}

const quietly = { clock: systemClock, log: () => undefined };

async function openExisting(store: string): Promise<DocumentEngine> {
  const path = storeFile(store);
  if (path !== null && !existsSync(path)) throw new Error(`There is no store at ${path}.`);
  return openStore(store, quietly);
}

/** Copies one store into another, with what it is doing on stderr and the outcome on stdout. */
async function copy({ from, to, json }: CopyOptions): Promise<void> {
  const source = await openExisting(from);
  try {
    const target = await openStore(to, quietly);
    try {
      const shown = (name: string, rows: number) => void process.stderr.write(`${name}: ${rows} rows\n`);
      const copied = await copyStore(source, target, collections, shown);
      const table = copied.map(
        ({ name, count, written, digest }) => `${name.padEnd(20)} ${String(count).padStart(9)} rows, ${written} written now, ${digest}`,
      );
      process.stdout.write(`${json ? JSON.stringify({ collections: copied }) : table.join('\n')}\n`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Prints what was asked of the audit log; true when every chain is whole. */
async function audit(options: AuditOptions): Promise<boolean> {
  const engine = await openExisting(configure(options, '').store);
  try {
    const { lines, checked, broken } = await reportAudit(readAuditChains(engine), options.query, options.json);
    for (const line of lines) process.stdout.write(`${line}\n`);
    const found = broken.map(({ chain, sequence }) => `row ${sequence} of chain ${chain} is not what was written\n`).join('');
    process.stderr.write(broken.length === 0 ? `${checked} rows checked, every chain is whole\n` : found);
    return broken.length === 0;
  } finally {
    await engine.close();
  }
}

/** Ends what people have granted, with what it is doing on stderr and the outcome on stdout. */
async function end(options: EndOptions): Promise<void> {
  const config = configure(options, '');
  const engine = await openExisting(config.store);
  const { before, user, tenant, json } = options;
  const query = { user, tenant, before: before ?? systemClock.now() };
  const isShared = storeFile(config.store) === null;
  const feed = isShared ? openAuthorityFeed(engine, { clock: systemClock, entropy: nodeEntropy, log: openLog(config.log) }) : noFeed;
  try {
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const shown = ({ seen, ended }: EndedGrants) => void process.stderr.write(`${seen} grants seen, ${ended} ended\n`);
    const done = await endGrants({ grants: openGrants(engine, feed), audit })(readGrants(engine), query, shown);
    process.stdout.write(
      `${json ? JSON.stringify(done) : `${done.ended} of ${done.seen} grants ended; the others were over or not meant`}\n`,
    );
  } finally {
    feed.close();
    await engine.close();
  }
}

/** Runs until a signal; the second one ends it at once. */
async function run(options: StartOptions): Promise<void> {
  const stop = await start(options);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

/** A sentence for whoever started us, never a stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigProblems) return error.message;
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port ?? ''} is taken: something else listens there, perhaps another Drawbridge. PORT=n moves the demonstration.`;
  return message;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.command === 'audit') process.exitCode = (await audit(options)) ? 0 : 1;
  else if (options.command === 'store copy') await copy(options);
  else if (options.command === 'grants end') await end(options);
  else await run(options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
