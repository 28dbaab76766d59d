import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that the compiled tests lie in. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');
export const exists = (path: string): boolean => existsSync(join(root, path));

function under(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Every document, generated ones included. */
export const documents: readonly string[] = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...under('docs', '.md')];
export const sources: readonly string[] = under('src', '.ts');

export interface Block {
  readonly language: string;
  readonly text: string;
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));
}

/** The lines of a document's shell blocks. */
export function commandsOf(path: string): string[] {
  const shell = blocksOf(read(path)).filter(({ language }) => language === 'sh');
  return shell.flatMap(({ text }) => text.split('\n')).filter((line) => line !== '');
}

/** The names of a table's first column, whatever its rows hold behind it; `head` is the first cell of its head. */
export function namesInTable(markdown: string, head: string): string[] {
  const lines = markdown.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head}`) && line.split('|')[1]?.trim() === head);
  const rows =
    at === -1
      ? []
      : lines.slice(
          at + 2,
          lines.findIndex((line, index) => index > at && !line.startsWith('|')),
        );
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

/** How GitHub makes the anchor of a heading. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}
