// `npm run soak`: builds, then puts the product under load for half an hour and says whether its memory grows.
// `npm run soak -- --help` has the options.

import { join } from 'node:path';
import { buildIfChanged, install, root, run, say } from './prepare.mjs';

try {
  await install(root, 'dependencies');
  await buildIfChanged();
  const main = join(root, 'build', 'test', 'soak', 'main.js');
  process.exitCode = await run(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
} catch (problem) {
  say(problem.name === 'Plain' ? problem.message : problem.stack);
  process.exitCode = 1;
}
