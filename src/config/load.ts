import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { crossCheck } from './cross-checks.ts';
import { overlay } from './environment.ts';
import type { Environment } from './environment.ts';
import { standIn } from './fields.ts';
import { describeIssue, isTree } from './issues.ts';
import { ConfigProblems, keyPath } from './problems.ts';
import type { ConfigProblem } from './problems.ts';
import { ConfigSchema } from './schema.ts';
import type { Config } from './schema.ts';

export interface ConfigSources {
  /** The path of the YAML file; null when the environment says everything. */
  readonly file: string | null;
  readonly env: Environment;
  readonly readFile: (path: string) => string;
}

/** The configuration, or `ConfigProblems` naming every wrong key at once and never a value. */
export function loadConfig({ file, env, readFile }: ConfigSources): Config {
  const { written, problems } = overlay(file === null ? {} : parseYaml(file, readFile), env);
  const folder = file === null ? '.' : dirname(file);
  const withSecrets = fillSecrets(written, [], { folder, readFile, problems });
  return validate(withSecrets, problems);
}

/** Judges a configuration that is already a tree, such as the demonstration's. */
export function validate(written: unknown, found: readonly ConfigProblem[] = []): Config {
  const parsed = ConfigSchema.safeParse(written);
  const problems = [...found, ...(parsed.error?.issues.flatMap((issue) => describeIssue(issue, written)) ?? []), ...crossCheck(written)];
  const distinct = problems.filter(({ key }, index) => problems.findIndex((other) => other.key === key) === index);
  if (!parsed.success || distinct.length > 0) throw new ConfigProblems(distinct);
  return parsed.data;
}

function parseYaml(path: string, readFile: ConfigSources['readFile']): unknown {
  const lines = new LineCounter();
  // The parser's own messages quote the line, and a line may hold a secret: only its code and the place are passed on.
  const document = parseDocument(read(path, path, readFile), { prettyErrors: false, lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigProblems(
      document.errors.map((error) => ({
        key: `${path} line ${lines.linePos(error.pos[0]).line}`,
        problem: `is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
      })),
    );
  }
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  return tree ?? {};
}

function read(path: string, key: string, readFile: ConfigSources['readFile']): string {
  try {
    return readFile(path);
  } catch (problem) {
    const code = isTree(problem) && typeof problem['code'] === 'string' ? problem['code'] : 'unknown reason';
    throw new ConfigProblems([{ key, problem: `cannot be read (${code})` }]);
  }
}

interface Filling {
  readonly folder: string;
  readonly readFile: ConfigSources['readFile'];
  readonly problems: ConfigProblem[];
}

const secretFiles = ['key_file', 'client_secret_file', 'private_key_file', 'publishableKey_file', 'store_file'];
const otherFiles = ['tlsCaFile', 'logoPath'];

/** Every `<secret>_file` replaced by what the file holds, relative to the configuration file, without the closing line break. */
function fillSecrets(value: unknown, path: readonly PropertyKey[], filling: Filling): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => fillSecrets(entry, [...path, index], filling));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const at = [...path, name];
    if (otherFiles.includes(name) && path.at(-1) !== 'tools') return [name, findFile(inner, keyPath(at), filling)];
    if (!secretFiles.includes(name) || path.at(-1) === 'tools') return [name, fillSecrets(inner, at, filling)];
    const secretName = name.replace(/_file$/, '');
    if (Object.hasOwn(value, secretName)) filling.problems.push({ key: keyPath(at), problem: `and ${secretName} exclude each other` });
    return [secretName, readSecret(inner, keyPath(at), filling)];
  });
  return Object.fromEntries(entries);
}

/** The path of a file that is used as it is, relative to the configuration file and seen to be readable. */
function findFile(path: unknown, key: string, { folder, readFile, problems }: Filling): unknown {
  if (typeof path !== 'string' || path === '') return path;
  const found = resolve(folder, path);
  try {
    read(found, key, readFile);
  } catch (problem) {
    if (!(problem instanceof ConfigProblems)) throw problem;
    problems.push(...problem.problems);
  }
  return found;
}

function readSecret(path: unknown, key: string, { folder, readFile, problems }: Filling): unknown {
  if (typeof path !== 'string' || path === '') {
    problems.push({ key, problem: 'must be the path of a file' });
    return standIn;
  }
  try {
    const content = read(resolve(folder, path), key, readFile).replace(/\r?\n$/, '');
    if (content !== '') return content;
    problems.push({ key, problem: 'names an empty file' });
  } catch (problem) {
    if (!(problem instanceof ConfigProblems)) throw problem;
    problems.push(...problem.problems);
  }
  return standIn;
}
