// What `npm start`, `npm test`, `npm run build` and `npm run check` do before their own work.
// Plain Node, because nothing may be installed yet. Progress goes to stderr: stdout belongs to the product.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const buildFolder = join(root, 'build');

/** What can be built: the product alone, which is what a start needs, or the tests and scripts with it. */
const scopes = {
  product: { folders: ['src'], config: join(root, 'scripts', 'product.tsconfig.json') },
  everything: { folders: ['src', 'test', 'scripts'], config: join(root, 'tsconfig.json') },
};
const stampFile = (scope) => join(buildFolder, `.${scope}`);

/** A problem whose message is the whole story; shown without a stack. */
export class Plain extends Error {
  name = 'Plain';
}

export const say = (line) => process.stderr.write(`${line}\n`);

/** Runs a command with its output on stderr; answers with the exit code (1 when it could not start or was killed). */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
    child.on('error', (problem) => {
      say(`${command}: ${problem.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

const readJson = (path) => readFile(path, 'utf8').then(JSON.parse, () => null);

/** True when npm's own record of the folder holds every package of the lock file that this machine can have. */
export async function isInstalled(folder) {
  const [wanted, present] = await Promise.all([
    readJson(join(folder, 'package-lock.json')),
    readJson(join(folder, 'node_modules', '.package-lock.json')),
  ]);
  if (wanted === null || present === null) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    const found = present.packages[path];
    if (path === '' || entry.link) return true;
    return found === undefined
      ? Boolean(entry.optional || entry.peer)
      : found.version === entry.version && found.integrity === entry.integrity;
  });
}

function npm(args, folder) {
  const cli = process.env['npm_execpath'];
  const options = { cwd: folder, env: { ...process.env, npm_config_update_notifier: 'false' } };
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) return run(process.execPath, [cli, ...args], options);
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}

export async function install(folder, what) {
  if (await isInstalled(folder)) return;
  say(`Installing ${what} …`);
  // dev packages are needed to build, whatever NODE_ENV says; which install scripts may run is listed in package.json
  const code = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  if (code !== 0) {
    throw new Plain(`Installing ${what} failed (npm ci ended with ${code}). Is the package registry reachable? What npm said is above.`);
  }
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: false }).catch(() => []);
  const nested = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesUnder(path);
    return [path];
  });
  return (await Promise.all(nested)).flat();
}

/** One digest over everything a build is made of. Of the tests only what is compiled: a run may write snapshots. */
async function digestOfSources() {
  const folders = await Promise.all(['src', 'test', 'scripts'].map((name) => filesUnder(join(root, name))));
  const sources = folders.flat().filter((path) => path.endsWith('.ts') || path.startsWith(join(root, 'src')));
  const files = [...sources, join(root, 'tsconfig.json'), join(root, 'package-lock.json')].sort();
  const contents = await Promise.all(files.map((path) => readFile(path)));
  const hash = createHash('sha256');
  files.forEach((path, index) => hash.update(path).update('\0').update(contents[index]).update('\0'));
  return hash.digest('hex');
}

const entry = () => ({ path: join(buildFolder, 'src', 'main.js'), href: pathToFileURL(join(buildFolder, 'src', 'main.js')).href });

/** Compiles from nothing: a deleted source must not live on in the output. `compile` runs the compiler and answers its exit code. */
export async function build(scope = 'everything', compile = run) {
  const built = scope === 'everything' ? ['product', 'everything'] : ['product'];
  const digests = await Promise.all(built.map(digestOfSources));
  await rm(buildFolder, { recursive: true, force: true });
  const code = await compile(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', scopes[scope].config]);
  if (code !== 0) throw new Plain('The build failed; what the compiler said is above.');
  await copyAssets();
  await Promise.all(built.map((name, index) => writeFile(stampFile(name), digests[index])));
  return entry();
}

/** Files the product reads beside its compiled modules: whatever in src is not TypeScript. */
async function copyAssets() {
  const source = join(root, 'src');
  const assets = (await filesUnder(source)).filter((path) => !path.endsWith('.ts'));
  for (const asset of assets) {
    const target = join(buildFolder, 'src', relative(source, asset));
    await mkdir(dirname(target), { recursive: true });
    await cp(asset, target);
  }
}

export async function buildIfChanged(scope = 'everything', compile = run) {
  const [stamp, digest] = await Promise.all([readFile(stampFile(scope), 'utf8').catch(() => ''), digestOfSources(scope)]);
  if (stamp === digest) return entry();
  say('Building …');
  return build(scope, compile);
}
