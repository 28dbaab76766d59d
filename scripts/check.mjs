// `npm run check`: format, lint, compile, dead code, generated documents. Under a minute, no test is run.

import { install, root, say } from './prepare.mjs';

try {
  await install(root, 'dependencies');
  const { runChecks } = await import('./checks.mjs');
  const { passed, failed } = await runChecks();
  say(failed.length === 0 ? `check: ${passed.length} passed` : `check: ${passed.length} passed, failed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (problem) {
  say(problem.name === 'Plain' ? problem.message : problem.stack);
  process.exitCode = 1;
}
