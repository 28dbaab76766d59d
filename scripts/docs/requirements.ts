import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';

const Lists = z.object({
  lists: z.array(z.object({ id: z.string(), title: z.string(), items: z.record(z.string(), z.string()) })),
});

export type RequirementList = z.infer<typeof Lists>['lists'][number];

export const readRequirements = (root: string): RequirementList[] =>
  Lists.parse(JSON.parse(readFileSync(join(root, 'docs/requirements.json'), 'utf8'))).lists;

type ReadIds = (title: string) => string[];

/** Reads the ids of one form that a test title claims: `[A6.02]`, `[A6.02] [W12]` or `[A6.02, W12]`. */
export function idsOfForm(id: string): ReadIds {
  const bracket = new RegExp(String.raw`\[(${id}(?:[, ]+${id})*)\]`, 'g');
  return (title) => [...title.matchAll(bracket)].flatMap((match) => (match[1] ?? '').split(/[, ]+/));
}

export const idsIn = idsOfForm(String.raw`(?:[A-Z]\d{1,2}\.\d{2}|[A-Z]{2}-\d{2}|[WFI]\d{1,3})`);

/** Which test files claim an id, by reading the sources: the same on a fresh clone as after a run. */
export function claimsIn(root: string, read: ReadIds): Map<string, readonly string[]> {
  const claims = new Map<string, string[]>();
  const folder = join(root, 'test');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.split(sep).includes('node_modules'));
  for (const name of names.filter((entry) => entry.endsWith('.ts')).sort()) {
    const path = join(folder, name);
    // ids stand in titles, so in a string: a line without a quote before the bracket is code
    const lines = readFileSync(path, 'utf8').split('\n');
    const found = new Set(lines.flatMap((line) => (/['"`].*\[/.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line) ? read(line) : [])));
    const shown = relative(root, path).split(sep).join('/');
    for (const claimed of found) claims.set(claimed, [...(claims.get(claimed) ?? []), shown]);
  }
  return claims;
}
