/** What a guide shows beneath its commands, beside what they print. */
import type { Block } from './support.ts';

/** Whether these lines were printed one right after the other: `…` alone is any lines, and in one whatever stands there. */
export function appears(shown: readonly string[], printed: readonly string[]): boolean {
  const gap = shown.findIndex((line) => line.trim() === '…');
  const first = gap === -1 ? shown : shown.slice(0, gap);
  const isShown = (line: string, there = ''): boolean => {
    const [start = '', end] = line.split('…');
    return end === undefined ? there === line : there.startsWith(start) && there.endsWith(end);
  };
  return printed.some(
    (_, at) =>
      first.every((line, index) => isShown(line, printed[at + index])) &&
      (gap === -1 || appears(shown.slice(gap + 1), printed.slice(at + first.length))),
  );
}

/** The commands of a block with what is shown beneath each: a `console` block has both, the lines of an `sh` block are commands alone. */
export function shownIn({ language, text }: Block): { readonly command: string; readonly shown: string[] }[] {
  const lines = text.trimEnd().split('\n');
  if (language === 'sh') return lines.map((command) => ({ command, shown: [] }));
  if (language !== 'console') return [];
  const starts = lines.flatMap((line, index) => (line.startsWith('$ ') ? [index] : []));
  return starts.map((at, index) => ({ command: (lines[at] ?? '').slice(2), shown: lines.slice(at + 1, starts[index + 1]) }));
}
