// What some suites need besides Node: programs of test/tools and a browser. Each is fetched when it can be.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

/** Fetches what is missing; answers with what could not be had, by the name test/support/prerequisites.ts uses. */
export async function obtainPrerequisites() {
  await obtainTools();
  await obtainBrowser();
  const missing = [];
  const program = (name) => existsSync(join(tools, 'node_modules', '.bin', name));
  if (!hasBrowser()) missing.push({ name: 'chromium', reason: 'no /usr/bin/chromium; install it or set CHROMIUM_PATH' });
  for (const name of ['conformance', 'mcp-remote']) {
    if (!program(name)) missing.push({ name, reason: 'npm ci in test/tools did not succeed' });
  }
  if (!program('node')) missing.push({ name: 'newest-node', reason: 'npm ci in test/tools did not bring a Node for this machine' });
  return missing;
}
