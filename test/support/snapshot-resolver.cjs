// Snapshots live beside the TypeScript source, not in the compiled output, which every build deletes.
const { join, relative } = require('node:path');

const root = join(__dirname, '..', '..');
const compiled = join(root, 'build');

module.exports = {
  resolveSnapshotPath: (testPath, extension) => join(root, relative(compiled, testPath).replace(/\.js$/, '.ts')) + extension,
  resolveTestPath: (snapshotPath, extension) =>
    join(compiled, relative(root, snapshotPath.slice(0, -extension.length)).replace(/\.ts$/, '.js')),
  testPathForConsistencyCheck: join(compiled, 'test', 'pages', 'consent.test.js'),
};
