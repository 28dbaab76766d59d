import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { cycles, judge } from './support/house-rules.ts';
import type { SourceFile } from './support/house-rules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const planted = join(root, 'test/support/fixtures/planted');

function filesUnder(folder: string, ending: string, base: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(base, path)
        .split(sep)
        .join('/')
        .replace(/\.txt$/, ''),
      text: readFileSync(path, 'utf8'),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const sources = filesUnder(join(root, 'src'), '.ts', root);

describe('the one-way house', () => {
  it('is looked at: an empty list of files would pass every rule', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(existsSync(join(root, 'src/domain/secret.ts'))).toBe(true);
    expect(sources.map(({ path }) => path)).toContain('src/domain/secret.ts');
  });

  it.each(sources.map((file) => [file.path, file] as const))('%s', (_path, file) => {
    expect(judge(file)).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(cycles(sources)).toEqual([]);
  });
});

describe('the rules catch what they are for', () => {
  const fixtures = filesUnder(planted, '.ts.txt', planted);
  const expected = (text: string) =>
    (/^\/\/ breaks: (.*)$/m.exec(text)?.[1] ?? '')
      .split(', ')
      .filter((rule) => rule !== '')
      .sort();

  it('has planted files, one of them clean', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(15);
    expect(fixtures.filter(({ text }) => expected(text).length === 0).map(({ path }) => path)).toEqual(['src/flows/exchange-token.ts']);
  });

  it.each(fixtures.map((file) => [file.path, file] as const))('%s', (_path, file) => {
    const found = new Set([...judge(file), ...cycles(fixtures).filter(({ detail }) => detail.includes(file.path))].map(({ rule }) => rule));
    expect([...found].sort()).toEqual(expected(file.text));
  });

  it('counts lines', () => {
    const lines = (count: number): SourceFile => ({ path: 'src/domain/long.ts', text: 'export {};\n'.repeat(count) });
    expect(judge(lines(250))).toEqual([]);
    expect(judge(lines(251))).toEqual([{ path: 'src/domain/long.ts', rule: 'too long', detail: '251 lines' }]);
  });
});
