// `npm run topology`: what docker/compose.yaml describes, as plain processes on loopback: brokers behind a TLS proxy, the demonstration's
// identity provider and MCP server, certificates made at the start. SQLite is for one broker; several share a MongoDB:
//   npm run topology -- --brokers 2 --store mongodb://127.0.0.1:27017/drawbridge
// Its last line is for programs. Ctrl-C ends everything.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { makeCertificates } from './certificates.mjs';
import { startProxy } from './tls-proxy.mjs';

const options = new Command('npm run topology --')
  .description('What docker/compose.yaml describes, as plain processes on loopback, until Ctrl-C.')
  .option('--port <number>', 'of the proxy for the broker; the identity provider is at the next one', '4443')
  .option('--brokers <number>', 'how many; more than one share a MongoDB', '1')
  .option('--store <address>', 'as in the configuration; a temporary SQLite file when left out')
  .option('--main <file>', 'the compiled src/main.js, when somebody else has built it')
  .option('--notice <ms>', 'before a stopping broker takes no more requests', '500')
  .addHelpText('after', '\n  npm run topology -- --brokers 2 --store mongodb://127.0.0.1:27017/drawbridge')
  .showHelpAfterError('(--help shows what there is)')
  .parse()
  .opts();

const children = new Map();
let isStopping = false;

const given = new Set();

/** One that nobody uses, below those that systems give to outgoing connections: a broker that is started again finds it free. */
async function freePort() {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = 11_000 + Math.floor(Math.random() * 21_000);
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree && !given.has(port)) {
      given.add(port);
      return port;
    }
  }
  throw new Error('no free port');
}

/** Starts a process of ours and waits for its line of JSON; one that ends by itself is started again, unless it never was ready. */
function launch(name, args, env) {
  return new Promise((resolve, reject) => {
    const { PATH, HOME, TMPDIR } = process.env;
    const base = { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
    const child = spawn(process.execPath, args, { env: { ...base, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    children.set(name, child);
    createInterface({ input: child.stderr }).on('line', (line) => console.error(`${name} | ${line}`));
    let isReady = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (isReady || !line.startsWith('{"ready":true')) return;
      isReady = true;
      resolve(child.pid);
    });
    child.once('exit', (code) => {
      if (!isReady) return reject(new Error(`${name} ended with ${code} before it was ready`));
      if (isStopping) return undefined;
      console.error(`${name} ended with ${code}; it is started again`);
      return launch(name, args, env).then(
        (pid) => console.log(JSON.stringify({ restarted: name, pid })),
        (problem) => console.error(problem.message),
      );
    });
  });
}

/** Ends every process of ours by its id and waits for it. */
async function stop() {
  if (isStopping) return;
  isStopping = true;
  const running = [...children.values()].filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'))));
}

const roles = [{ id: 'editor', name: 'Editor', permissions: ['notes:read', 'notes:write'] }];
const scopes = [
  { name: 'read', title: 'Look at notes', permissions: ['notes:read'] },
  { name: 'write', title: 'Add notes', changes: true, permissions: ['notes:write'] },
];
const tools = { whoami: { scopes: ['read'] }, list_notes: { scopes: ['read'] }, add_note: { scopes: ['write'] } };

/** JSON is YAML. The same for every broker but for the port. */
const configuration = ({ issuer, idp, upstream, store, noticeSeconds }) => ({
  issuer,
  listen: { host: '127.0.0.1', port: 0 },
  ...(store === undefined ? {} : { store }),
  key_file: 'drawbridge.key',
  trustedProxies: ['127.0.0.1'],
  organisation: { name: 'Demo Company' },
  connections: [
    {
      id: 'demo',
      type: 'oidc',
      name: 'Demo Company',
      issuer: idp,
      client_id: 'drawbridge',
      client_secret_file: 'client.secret',
      tlsCaFile: 'ca.pem',
      scopes: ['openid', 'profile', 'email', 'groups'],
      claims: { groups: '/groups' },
      mfa: { acr_values: ['urn:drawbridge:demo:mfa'], acr: ['urn:drawbridge:demo:mfa'], amr: ['mfa'] },
    },
  ],
  tenants: [
    { id: 'acme', name: 'Acme', rules: [{ group: 'eng', role: 'editor' }] },
    { id: 'globex', name: 'Globex', requireMfa: true, rules: [{ group: 'eng', role: 'editor' }] },
  ],
  roles,
  resources: [
    {
      id: 'notes',
      identifier: `${issuer}/mcp`,
      upstream,
      name: 'Notes',
      baseline: ['read', 'write'],
      scopes,
      tools,
      redirects: { policy: 'open' },
    },
  ],
  limits: { registerPerMinute: 20 },
  shutdown: { noticeSeconds, graceSeconds: 5 },
});

async function compiled() {
  if (options.main !== undefined) return options.main;
  const { buildIfChanged, install, root } = await import('./prepare.mjs');
  await install(root, 'dependencies');
  return (await buildIfChanged('product')).path;
}

/** Everything, in the order in which it needs each other. */
async function start(folder) {
  const count = Number(options.brokers);
  const store = options.store ?? `sqlite:${join(folder, 'drawbridge.db')}`;
  if (count > 1 && store.startsWith('sqlite:')) throw new Error('several brokers need --store mongodb://…: a SQLite file is for one');
  const main = await compiled();
  const alone = join(dirname(main), 'demo', 'alone.js');
  const port = Number(options.port);
  const [issuer, idp] = [`https://localhost:${port}`, `https://localhost:${port + 1}`];
  await makeCertificates(folder, ['localhost', '127.0.0.1']);
  const [key, cert] = await Promise.all(['key.pem', 'cert.pem'].map((file) => readFile(join(folder, file))));
  const secret = (file) => writeFile(join(folder, file), randomBytes(32).toString('base64url'), { mode: 0o600 });
  await Promise.all(['drawbridge.key', 'client.secret'].map(secret));
  const [idpPort, mcpPort, ...brokerPorts] = await Promise.all(Array.from({ length: count + 2 }, freePort));

  const proxies = await Promise.all([
    startProxy({ key, cert, port, upstreams: brokerPorts, readyPath: '/readyz' }),
    startProxy({ key, cert, port: port + 1, upstreams: [idpPort] }),
  ]);
  const trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const callback = `${issuer}/callback/demo`;
  const own = { DEMO_CLIENT_SECRET_FILE: join(folder, 'client.secret'), DEMO_REDIRECT_URI: callback };
  await Promise.all([
    launch('idp', [alone, 'idp'], { ...own, DEMO_HOST: '127.0.0.1', DEMO_PORT: String(idpPort), DEMO_ISSUER: idp }),
    launch('mcp', [alone, 'mcp'], { ...trusting, DEMO_PORT: String(mcpPort), DEMO_GATEWAY: issuer }),
  ]);
  const upstream = `http://localhost:${mcpPort}/mcp`;
  const file = join(folder, 'drawbridge.yaml');
  await writeFile(file, JSON.stringify(configuration({ issuer, idp, upstream, store, noticeSeconds: Number(options.notice) / 1_000 })));
  const brokers = [];
  // One after the other, as an orchestrator would: the first brings the store to what is declared.
  for (const [index, brokerPort] of brokerPorts.entries()) {
    const env = { DRAWBRIDGE_PORT: String(brokerPort) };
    brokers.push({
      name: `broker-${index + 1}`,
      pid: await launch(`broker-${index + 1}`, [main, '--config', file], env),
      port: brokerPort,
    });
  }
  return {
    ready: { ready: true, issuer, mcp: `${issuer}/mcp`, idp, upstream, ca: join(folder, 'ca.pem'), brokers, pid: process.pid },
    proxies,
  };
}

const folder = await mkdtemp(join(tmpdir(), 'drawbridge-topology-'));
let proxies = [];
const end = async (code) => {
  await stop();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await rm(folder, { recursive: true, force: true });
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(0));
try {
  const started = await start(folder);
  proxies = started.proxies;
  console.error(`MCP clients go to ${started.ready.mcp} and trust ${started.ready.ca}`);
  console.log(JSON.stringify(started.ready));
} catch (problem) {
  console.error(problem.message);
  await end(1);
}
