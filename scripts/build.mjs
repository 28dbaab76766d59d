// `npm run build`: a clean build into build/.

import { build, install, root, say } from './prepare.mjs';

try {
  await install(root, 'dependencies');
  await build();
} catch (problem) {
  say(problem.name === 'Plain' ? problem.message : problem.stack);
  process.exitCode = 1;
}
