/** docs/faults.md against the tests: whoever claims a fault is named beside it, and whoever is named claims it. */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { expect, it } from '@jest/globals';
import { read, root } from './support.ts';

const numbers = (text: string) => [...text.matchAll(/\bF\d+\b/g)].map(([id]) => id);

/** `F13 to F18` is each of them. */
const spelled = (text: string) =>
  text.replace(/F(\d+) to F(\d+)/g, (_, from: string, to: string) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (__, index) => `F${Number(from) + index}`).join(' '),
  );

const rows = read('docs/faults.md')
  .split('\n')
  .filter((line) => /^\| F\d/.test(line))
  .map((line) => ({
    faults: numbers(spelled(line.split('|')[1] ?? '')),
    files: [...line.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file),
  }));

const claims = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .flatMap((file) => [...new Set([...read(file).matchAll(/\[(F\d+)\]/g)].map(([, id = '']) => id))].map((fault) => ({ fault, file })));

it('every test that claims a fault is named beside it', () => {
  expect(claims.length).toBeGreaterThan(20);
  const unnamed = claims.filter(({ fault, file }) => !rows.some((row) => row.faults.includes(fault) && row.files.includes(file)));
  expect(unnamed).toEqual([]);
});

it('every fault in the tables is claimed by a test that is named beside it', () => {
  const claimed = (fault: string, files: readonly string[]) => claims.some((each) => each.fault === fault && files.includes(each.file));
  expect(rows.flatMap(({ faults, files }) => faults.filter((fault) => !claimed(fault, files)))).toEqual([]);
});
