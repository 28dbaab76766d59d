import { exceptions, forbiddenWords, longestFile, rooms } from './house-table.ts';
import type { Room } from './house-table.ts';

export interface SourceFile {
  /** From the repository root, with forward slashes: `src/domain/pkce.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly detail: string;
}

interface Import {
  readonly from: string;
  readonly isTypeOnly: boolean;
}

const statement =
  /^\s*(import|export)\s+(type\s)?[^'";=()]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

const importsOf = (code: string): Import[] =>
  [...code.matchAll(statement)].map((match) => ({ from: match[3] ?? match[4] ?? match[5] ?? '', isTypeOnly: match[2] !== undefined }));

/** Comments go first, or a word in prose would be taken for code. A `//` inside a string follows a colon or a quote. */
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\/])\/\/.*$/gm, '$1');
const withoutStrings = (code: string) => code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");

const ambient: readonly (readonly [string, RegExp])[] = [
  ['process', /\bprocess\s*(\.|\[)\s*\w/],
  ['Date', /\bnew\s+Date\b|\bDate\s*[.(]/],
  ['Math.random', /\bMath\s*\.\s*random\b/],
  ['crypto', /\bcrypto\s*\.\s*(randomUUID|getRandomValues)\b/],
  // a parameter of that name is somebody's port; the linter, which knows scopes, sees the rest
  ['fetch', /^(?![\s\S]*\bfetch\s*[:,}])[\s\S]*(?<![.\w])fetch\s*\(/],
  ['console', /\bconsole\s*\.\s*\w/],
];

const inside = (file: string, pattern: string) => {
  if (pattern === '*') return true;
  if (pattern.endsWith('/*')) return file.startsWith(pattern.slice(0, -1)) && !file.slice(pattern.length - 1).includes('/');
  return pattern.endsWith('/') ? file.startsWith(pattern) : file === pattern;
};

const isPackage = (name: string, pattern: string) =>
  pattern === '*' || name === pattern || (pattern.endsWith(':*') ? name.startsWith(pattern.slice(0, -1)) : name.startsWith(`${pattern}/`));

/** The path under src that a relative import in `file` names. */
function resolve(file: string, from: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of from.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function judgeImports(file: string, room: Room, code: string): [string, string][] {
  const packages = [...room.packages, ...(exceptions[file]?.packages ?? [])];
  return importsOf(code).flatMap(({ from, isTypeOnly }): [string, string][] => {
    if (!from.startsWith('.')) return packages.some((pattern) => isPackage(from, pattern)) ? [] : [['package', from]];
    const target = resolve(file, from);
    const found: [string, string][] = from.endsWith('.ts') ? [] : [['import ending', from]];
    if (room.name === 'flows/' && target !== file && /^flows\/[^/]+$/.test(target))
      return [...found, ['import', `another flow: ${target}`]];
    if (room.imports.some((pattern) => inside(target, pattern))) return found;
    const isAllowedType = room.types?.some((pattern) => inside(target, pattern)) ?? false;
    if (isAllowedType) return isTypeOnly ? found : [...found, ['types only', target]];
    return [...found, ['import', target]];
  });
}

function judgeWords(file: string, room: Room, code: string): [string, string][] {
  const bare = withoutStrings(code);
  const found: [string, string][] = [];
  if (room.isAmbient !== true) {
    for (const [name, pattern] of ambient) if (pattern.test(bare)) found.push(['ambient', name]);
  }
  if (room.name === 'domain/' && /\basync\b|\bawait\b|\bPromise\b|\bset(Timeout|Interval|Immediate)\b/.test(bare)) {
    found.push(['pure domain', 'async']);
  }
  if (room.reveals !== true && exceptions[file]?.reveals !== true && /\.reveal\s*\(/.test(bare)) found.push(['reveal', '.reveal()']);
  if (/^\s*export\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/m.test(bare)) found.push(['default export', '']);
  if (/^\s*export\s+\*/m.test(bare)) found.push(['barrel', 'export *']);
  return found;
}

function judgeName(file: string): [string, string][] {
  const name = file.split('/').at(-1) ?? '';
  const words = name
    .replace(/\.[a-z]+$/, '')
    .toLowerCase()
    .split(/[-_.]/);
  const bad = words.filter((word) => forbiddenWords.includes(word.replace(/s$/, '')));
  return [
    ...bad.map((word): [string, string] => ['file name', word]),
    ...(name === 'index.ts' ? [['barrel', name] as [string, string]] : []),
  ];
}

/** Every rule one file breaks by itself. */
export function judge({ path, text }: SourceFile): Violation[] {
  const file = path.replace(/^src\//, '');
  const room = rooms.find(({ name }) => inside(file, name));
  if (room === undefined) return [{ path, rule: 'no room', detail: file }];
  const code = withoutComments(text);
  const lines = text.split('\n').length - 1;
  const found: [string, string][] = [
    ...judgeName(file),
    ...(lines > longestFile ? [['too long', `${lines} lines`] as [string, string]] : []),
    ...judgeImports(file, room, code),
    ...judgeWords(file, room, code),
  ];
  return found.map(([rule, detail]) => ({ path, rule, detail }));
}

/** Import cycles among the files, each named once by the file where it closes. */
export function cycles(files: readonly SourceFile[]): Violation[] {
  const edges = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(withoutComments(text)).flatMap(({ from }) => (from.startsWith('.') ? [resolve(path, from)] : [])),
    ]),
  );
  const finished = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push({ path, rule: 'cycle', detail: [...trail.slice(trail.indexOf(path)), path].join(' → ') });
      return;
    }
    if (finished.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
