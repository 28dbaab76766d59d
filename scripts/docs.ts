/** Writes the generated documents; with `--check` it writes nothing and fails where one would change. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminReference } from './docs/admin-api.ts';
import { assuranceReference } from './docs/assurance.ts';
import { configurationReference } from './docs/configuration.ts';
import { conformanceTable } from './docs/conformance.ts';
import { quirksDocument } from './docs/quirks.ts';
import { storageReference } from './docs/storage.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isCheck = process.argv.includes('--check');

const committed = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');

const documents: Readonly<Record<string, (before: string) => string>> = {
  'docs/admin-api.json': adminReference,
  'docs/assurance.md': assuranceReference,
  'docs/configuration.md': configurationReference,
  'docs/storage.md': storageReference,
  'docs/upstream-quirks.md': () => quirksDocument(root),
  'docs/conformance.md': (before) => conformanceTable(root, before, { fromResults: !isCheck }),
};

const stale = Object.entries(documents).filter(([path, write]) => {
  const before = committed(path);
  const after = `${write(before)}\n`;
  if (!isCheck && after !== before) writeFileSync(join(root, path), after);
  return after !== before;
});

for (const [path] of stale) console.log(isCheck ? `${path} is out of date: run npm run docs` : `wrote ${path}`);
if (isCheck && stale.length > 0) process.exitCode = 1;
