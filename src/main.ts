import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readyLine, welcome } from './cli/announce.ts';
import { keyBeside } from './cli/master-key.ts';
import { readDemoStore, readOptions } from './cli/options.ts';
import type { StartOptions } from './cli/options.ts';
import { listen } from './cli/server.ts';
import { audit } from './commands/audit.ts';
import { inviteAdministrator } from './commands/invite.ts';
import { tellConnections } from './commands/connections.ts';
import { copy } from './commands/copy-store.ts';
import { domains } from './commands/domains.ts';
import { end } from './commands/end-grants.ts';
import { separate, tellIdentities } from './commands/identities.ts';
import { tryRules } from './commands/lab.ts';
import { putInForce, readPolicy } from './commands/policy.ts';
import { resetSecondFactor } from './commands/second-factor.ts';
import { configure, explain, folderOf } from './commands/installation.ts';
import { scimToken } from './commands/scim.ts';
import { testConnection } from './commands/test-connection.ts';
import { compose } from './compose.ts';
import type { Broker } from './compose.ts';
import { upstreamIssuer } from './config/connection-schema.ts';
import type { Config } from './config/schema.ts';
import { nodeEntropy } from './platform/node-entropy.ts';
import { openLog } from './platform/pino-log.ts';
import { systemClock } from './platform/system-clock.ts';
import { LoginRefused } from './ports/connector.ts';
import type { Log } from './ports/log.ts';
import { openStore } from './stores/open-store.ts';

interface Closing {
  close(): Promise<void>;
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
    startDemoIdp({ port: Number(new URL(upstreamIssuer(connection)).port), clients: [client] }),
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
  listening.serve(broker.answer);
  const demonstration = options.config === null ? await startDemonstration(config, demoSecret) : [];
  for (const connector of broker.connectors)
    void connector.warmUp().catch((error: unknown) => {
      log.warn('connection.cold', { connection: connector.id, error, ...(error instanceof LoginRefused ? { reason: error.reason } : {}) });
    });
  void broker.checkDomains().catch((error: unknown) => log.error('tend', { error }));
  const tending = setInterval(() => void broker.tend().catch((error: unknown) => log.error('tend', { error })), 60_000);
  const occasion = { demonstration: options.config === null, colours: process.stdout.isTTY, first: await firstLink(broker, log) };
  process.stdout.write(`${welcome(config, occasion)}\n${readyLine(config, process.pid)}\n`);
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

/** Nobody is kept out because the first administrator's link could not be made. */
const firstLink = (broker: Broker, log: Log) =>
  broker.inviteFirst().catch((error: unknown) => {
    log.warn('invitation.failed', { error });
    return null;
  });

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

try {
  const options = readOptions(process.argv.slice(2));
  if (options.command === 'audit') process.exitCode = (await audit(options)) ? 0 : 1;
  else if (options.command === 'domains') process.exitCode = (await domains(options)) ? 0 : 1;
  else if (options.command === 'store copy') await copy(options);
  else if (options.command === 'grants end') await end(options);
  else if (options.command === 'connections') tellConnections(options);
  else if (options.command === 'connections test') process.exitCode = (await testConnection(options)) ? 0 : 1;
  else if (options.command === 'identities') await tellIdentities(options);
  else if (options.command === 'identities separate') await separate(options);
  else if (options.command === 'plan' || options.command === 'drift' || options.command === 'history')
    process.exitCode = (await readPolicy(options)) ? 0 : 1;
  else if (options.command === 'apply' || options.command === 'rollback') process.exitCode = (await putInForce(options)) ? 0 : 1;
  else if (options.command === 'lab') await tryRules(options);
  else if (options.command === 'second-factor reset') await resetSecondFactor(options);
  else if (options.command === 'invite') await inviteAdministrator(options);
  else if (options.command === 'scim token') await scimToken(options);
  else if (options.command === 'start') await run(options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
