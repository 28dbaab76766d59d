// `npm run bench`: builds, then measures the product beside others. The load stays on the second core; every server on the first.
// `npm run bench -- --help` has the options.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfChanged, install, root, run, say } from './prepare.mjs';

try {
  await install(root, 'dependencies');
  await buildIfChanged();
  const main = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'build', 'test', 'bench', 'main.js')];
  const [command, ...args] = existsSync('/usr/bin/taskset') ? ['taskset', '-c', '1', ...main] : main;
  process.exitCode = await run(command, [...args, ...process.argv.slice(2)], { stdio: ['ignore', 'inherit', 'inherit'] });
} catch (problem) {
  say(problem.name === 'Plain' ? problem.message : problem.stack);
  process.exitCode = 1;
}
