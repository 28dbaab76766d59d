import type { z } from 'zod';
import { kinds } from '../connectors/kinds/known.ts';
import { keyPath } from './problems.ts';
import type { ConfigProblem } from './problems.ts';

const kindNames = kinds.map(({ type }) => type).join(' or ');

type Issue = z.core.$ZodIssue;

const nouns: Readonly<Record<string, string>> = {
  object: 'a map of keys',
  record: 'a map of keys',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  boolean: 'true or false',
};

function isMissing(written: unknown, path: readonly PropertyKey[]): boolean {
  const parent = path.slice(0, -1).reduce<unknown>((tree, name) => (isTree(tree) ? tree[name] : undefined), written);
  return isTree(parent) && parent[path.at(-1) ?? ''] === undefined;
}

export const isTree = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> => typeof value === 'object' && value !== null;

/** Our words for what zod found; its own sometimes quote what stands there. */
export function describeIssue(issue: Issue, written: unknown): ConfigProblem[] {
  const at = (path: readonly PropertyKey[], problem: string): ConfigProblem => ({ key: keyPath(path) || 'the configuration', problem });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => at([...issue.path, key], 'is not a known key'));
    case 'invalid_key':
      return [at(issue.path, issue.issues[0]?.message ?? 'is not a possible name')];
    case 'invalid_value':
      return [at(issue.path, `must be ${issue.values.map(String).join(' or ')}`)];
    case 'invalid_union':
      return [at(issue.path, issue.discriminator === undefined || isMissing(written, issue.path) ? 'is required' : `must be ${kindNames}`)];
    case 'invalid_type':
      return [at(issue.path, isMissing(written, issue.path) ? 'is required' : `must be ${nouns[issue.expected] ?? issue.expected}`)];
    case 'too_small':
      return [at(issue.path, `is too small or too short, at least ${issue.minimum}`)];
    case 'too_big':
      return [at(issue.path, `is too big or too long, at most ${issue.maximum}`)];
    default:
      return [at(issue.path, issue.message.startsWith('must') ? issue.message : 'is not valid')];
  }
}
