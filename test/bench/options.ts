import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { engines, hasMongo } from './contenders/places.ts';
import type { Engine } from './contenders/places.ts';

export const topics = ['start', 'metadata', 'jwks', 'registration', 'login', 'code', 'refresh', 'revoke', 'gateway', 'growth'] as const;
export type Topic = (typeof topics)[number];

/** How long everything takes, and how much of it there is. */
export interface Plan {
  readonly mode: 'quick' | 'default' | 'full';
  readonly rounds: number;
  /** Milliseconds of one round. */
  readonly ms: number;
  readonly callers: number;
  /** Exchanges in a round of something that is used up. */
  readonly most: number;
  /** Grants in the stores whose cost is compared. */
  readonly sizes: readonly number[];
}

const plans: Readonly<Record<Plan['mode'], Plan>> = {
  quick: { mode: 'quick', rounds: 3, ms: 500, callers: 64, most: 1200, sizes: [1e3, 1e4] },
  default: { mode: 'default', rounds: 5, ms: 1500, callers: 64, most: 3000, sizes: [1e3, 1e5] },
  full: { mode: 'full', rounds: 7, ms: 2500, callers: 64, most: 5000, sizes: [1e3, 1e5, 1e6] },
};

export interface BenchOptions {
  readonly plan: Plan;
  readonly only: ReadonlySet<Topic>;
  /** Ours is measured over each. */
  readonly engines: readonly Engine[];
  readonly json: boolean;
  /** A folder for processor profiles of our processes; null takes none. A profiled run is slower. */
  readonly profile: string | null;
  /** The document to write; null leaves it as it is. */
  readonly write: string | null;
}

const listOf =
  <T>(what: string, read: (word: string) => T | undefined) =>
  (text: string): T[] =>
    text.split(',').map((word) => {
      const value = read(word);
      if (value === undefined) throw new InvalidArgumentError(what);
      return value;
    });

const sizeOf = (word: string): number | undefined => (Number.isInteger(Number(word)) && Number(word) >= 1 ? Number(word) : undefined);

const help = `
Progress and what it means for the targets; the figures themselves with --json or --write. A quiet machine with two cores or more is worth
waiting for: the load stays on one and every server on the other. Servers that are not there (a MongoDB) are said to be missing.

  npm run bench -- --quick                                   in short rounds, to look at
  npm run bench -- --only refresh,code --engine sqlite       one thing, while it is worked on
  npm run bench -- --write --json > bench.json               what docs/performance.md is made from`;

function commandLine(): Command {
  return new Command('npm run bench --')
    .description('Measures the product beside oidc-provider and a bare server, in one run on one machine.')
    .option('--quick', 'short rounds and small stores', false)
    .option('--full', 'long rounds, and growth up to a million grants', false)
    .option(
      '--only <topics>',
      `some of ${topics.join(',')}`,
      listOf(`one or more of ${topics.join(',')}`, (word) => topics.find((each) => each === word)),
    )
    .addOption(new Option('--engine <engine>', 'over this engine alone').choices([...engines]))
    .option(
      '--sizes <numbers>',
      'grants in the stores whose cost is compared, as in 1e3,1e5',
      listOf('numbers of grants, as in 1e3,1e5', sizeOf),
    )
    .option('--profile <folder>', 'processor profiles of our processes; a profiled run is slower', (folder) => resolve(folder))
    .option('--json', 'one object as the last line', false)
    .option('--write', 'write docs/performance.md', false)
    .addHelpText('after', help)
    .showHelpAfterError('(--help shows what there is)');
}

interface Given {
  readonly quick: boolean;
  readonly full: boolean;
  readonly only?: Topic[];
  readonly engine?: Engine;
  readonly sizes?: number[];
  readonly profile?: string;
  readonly json: boolean;
  readonly write: boolean;
}

/** Ends the process with help, or with a sentence about what is wrong. */
export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { quick, full, only, engine, sizes, profile, json, write } = commandLine().parse(argv, { from: 'user' }).opts<Given>();
  const plan = plans[full ? 'full' : quick ? 'quick' : 'default'];
  return {
    plan: { ...plan, sizes: sizes ?? plan.sizes },
    only: new Set(only ?? topics),
    engines: engine === undefined ? engines.filter((each) => each === 'sqlite' || hasMongo()) : [engine],
    json,
    profile: profile ?? null,
    write: write ? 'docs/performance.md' : null,
  };
}
