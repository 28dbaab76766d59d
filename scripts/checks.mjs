// The checks of `npm run check`, each a command whose exit code is the verdict. Independent ones run side by side.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Plain, buildIfChanged, root, say } from './prepare.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

const tool = (title, command, args) => ({ title, verdict: () => capture(command, args) });

function capture(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (problem) => resolve({ passed: false, output: problem.message }));
    child.on('close', (code) => resolve({ passed: code === 0, output: Buffer.concat(chunks).toString('utf8').trimEnd() }));
  });
}

async function compiled() {
  let output = '';
  const compile = async (command, args) => {
    const result = await capture(command, args);
    output = result.output;
    return result.passed ? 0 : 1;
  };
  try {
    await buildIfChanged('everything', compile);
    return { passed: true, output };
  } catch (problem) {
    if (problem instanceof Plain) return { passed: false, output: `${output}\n${problem.message}` };
    throw problem;
  }
}

const docs = () => capture(process.execPath, [join(root, 'build', 'scripts', 'docs.js'), '--check']);

/** Runs every check; answers with the titles that passed and failed, and whether there is something compiled to test. */
export async function runChecks() {
  const result = { passed: [], failed: [], isCompiled: false };
  const report = async (title, verdict) => {
    const started = Date.now();
    const { passed, output } = await verdict();
    result[passed ? 'passed' : 'failed'].push(title);
    say(`${passed ? 'ok    ' : 'FAILED'} ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    if (!passed && output !== '') say(output);
    return passed;
  };

  const beside = [
    tool('format', bin('oxfmt'), ['--check', '.']),
    tool('lint', bin('oxlint'), ['--type-aware', '--deny-warnings', '--format=unix', 'src', 'test', 'scripts']),
    tool('dead code', bin('knip'), ['--no-progress']),
  ].map(({ title, verdict }) => report(title, verdict));

  result.isCompiled = await report('compile', compiled);
  if (result.isCompiled) await report('generated documents', docs);
  await Promise.all(beside);
  return result;
}
