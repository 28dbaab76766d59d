// `npm start`: install what is missing, build what has changed, then become the product.
// Runs before anything is installed and on any Node, so: no dependency, nothing a very old Node cannot parse.

var needed = [20, 19];
var running = process.versions.node.split('.').map(Number);

if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  console.error('Drawbridge needs Node ' + needed.join('.') + ' or newer; this is Node ' + process.versions.node + '.');
  process.exit(1);
}

import('./prepare.mjs')
  .then((prepare) => prepare.install(prepare.root, 'dependencies').then(() => prepare.buildIfChanged('product')))
  .then((entry) => {
    process.argv[1] = entry.path;
    return import(entry.href);
  })
  .catch((problem) => {
    console.error(problem instanceof Error && problem.name !== 'Plain' ? problem : String(problem.message));
    process.exit(1);
  });
