// `npm test`: all of its own set-up, the checks, every suite on this Node, the fast suites again on the newest one.
// `npm test -- <pattern>` is for developers: build, then only the suites whose path matches.

import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plain, buildIfChanged, install, root, run, say } from './prepare.mjs';
import { obtainPrerequisites } from './prerequisites.mjs';

const results = join(root, 'test-results');
const fastSuites = ['build/test/(domain|flows|contract|config)/', 'build/test/architecture\\.test'];

// Left out: what is about the file of the embedded store, and the stranger's clone, which has one.
const systemSuites = ['build/test/conformance/', 'build/test/e2e/(?!embedded-store|from-clone)', 'build/test/soak/steady'];

const tally = { passed: 0, failed: 0, skipped: 0 };

function add(part) {
  tally.passed += part.passed;
  tally.failed += part.failed;
  tally.skipped += part.skipped ?? 0;
}

/** Runs Jest on the compiled tests; what it found is read from its report, never from its exit code alone. */
async function jest(node, name, patterns, env = {}) {
  const report = join(results, `${name}.json`);
  await rm(report, { force: true });
  const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join(root, 'node_modules', 'jest', 'bin', 'jest.js')];
  const code = await run(node, [...args, '--maxWorkers=2', '--json', `--outputFile=${report}`, ...patterns], {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, ...env },
  });
  const found = await readFile(report, 'utf8').then(JSON.parse, () => null);
  if (found === null) return { passed: 0, failed: 1, skipped: 0, costs: {} };
  const failed = found.numFailedTests + found.numRuntimeErrorTestSuites;
  return {
    passed: found.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: found.numPendingTests + found.numTodoTests,
    costs: costsOf(found),
  };
}

/** How many tests each missing prerequisite cost; test/support/prerequisites.ts writes the mark into the titles. */
function costsOf(found) {
  const costs = {};
  for (const test of found.testResults.flatMap((suite) => suite.assertionResults)) {
    const mark = test.status === 'pending' ? /\(needs ([a-z-]+)\)/.exec(test.ancestorTitles.join(' ')) : null;
    if (mark !== null) costs[mark[1]] = (costs[mark[1]] ?? 0) + 1;
  }
  return costs;
}

async function versionOf(node) {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => execFile(node, ['--version'], (problem, stdout) => resolve(problem === null ? stdout.trim() : null)));
}

async function everything() {
  const missing = await obtainPrerequisites();

  say('\n— checks');
  const { runChecks } = await import('./checks.mjs');
  const checks = await runChecks();
  add({ passed: checks.passed.length, failed: checks.failed.length });
  if (!checks.isCompiled) return;

  say(`\n— all suites on Node ${process.versions.node}`);
  const all = await jest(process.execPath, 'jest', []);
  add(all);

  const newest = join(root, 'test', 'tools', 'node_modules', '.bin', 'node');
  const version = await versionOf(newest);
  if (version !== null) {
    say(`\n— fast suites on Node ${version.slice(1)}`);
    add(await jest(newest, 'jest-newest-node', fastSuites));
  }
  if (!missing.some(({ name }) => name === 'mongodb')) await overMongo();
  reportMissing(missing, all.costs);
}

/** The whole system again, over MongoDB instead of the embedded store. */
async function overMongo() {
  say('\n— whole-system suites over MongoDB');
  const server = spawn(process.execPath, [join(root, 'build', 'test', 'support', 'mongo', 'serve.js')], { stdio: ['pipe', 'pipe', 2] });
  try {
    const url = await new Promise((resolve, reject) => {
      server.once('exit', (code) => reject(new Plain(`the MongoDB for the tests ended with ${code}`)));
      server.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    });
    add(await jest(process.execPath, 'jest-mongo', systemSuites, { TEST_STORE_URL: url }));
  } finally {
    server.removeAllListeners('exit');
    server.stdin.end();
  }
}

function reportMissing(missing, costs) {
  for (const { name, reason } of missing) {
    const count = name === 'newest-node' ? 'the whole second run' : `${costs[name] ?? 0} tests`;
    say(`\nMISSING PREREQUISITE ${name}: ${reason}. It cost ${count}.`);
    if (process.env['CI'] === 'true') tally.failed += 1;
  }
}

async function onlyMatching(patterns) {
  await buildIfChanged();
  add(await jest(process.execPath, 'jest-selected', patterns));
}

try {
  const patterns = process.argv.slice(2);
  await install(root, 'dependencies');
  await mkdir(results, { recursive: true });
  await (patterns.length > 0 ? onlyMatching(patterns) : everything());
} catch (problem) {
  say(problem instanceof Plain ? problem.message : problem.stack);
  tally.failed += 1;
}

if (tally.skipped > 0) say(`\n${tally.skipped} skipped`);
await writeFile(join(results, 'summary.json'), JSON.stringify(tally)).catch(() => {});
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
