/** Something wrong with the configuration: where, and what. Never the value that stands there. */
export interface ConfigProblem {
  /** The key path, such as `tenants[0].rules[1].role`, or the name of an environment variable. */
  readonly key: string;
  readonly problem: string;
}

/** Every problem of a configuration at once. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(formatProblems(problems));
    this.problems = problems;
  }
}

export function formatProblems(problems: readonly ConfigProblem[]): string {
  const heading = problems.length === 1 ? 'The configuration has a problem:' : `The configuration has ${problems.length} problems:`;
  return [heading, ...problems.map(({ key, problem }) => `  ${key}: ${problem}`)].join('\n');
}

export function keyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
