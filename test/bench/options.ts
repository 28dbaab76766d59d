import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
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

export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      profile: { type: 'string' },
      sizes: { type: 'string' },
      engine: { type: 'string' },
    },
  });
  const engine = engines.find((each) => each === values.engine);
  if (values.engine !== undefined && engine === undefined) throw new Error(`--engine ${values.engine}: one of ${engines.join(', ')}`);
  const named = values.only?.split(',') ?? [...topics];
  const only = named.map((name) => topics.find((topic) => topic === name) ?? name);
  const unknown = only.find((name) => !topics.some((topic) => topic === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: one of ${topics.join(', ')}`);
  const plan = plans[values.full ? 'full' : values.quick ? 'quick' : 'default'];
  const sizes = values.sizes?.split(',').map(Number) ?? plan.sizes;
  if (sizes.some((size) => !Number.isInteger(size) || size < 1))
    throw new Error(`--sizes ${values.sizes}: numbers of grants, as in 1e3,1e5`);
  return {
    plan: { ...plan, sizes },
    only: new Set(only as Topic[]),
    engines: engine === undefined ? engines.filter((each) => each === 'sqlite' || hasMongo()) : [engine],
    json: values.json,
    profile: values.profile === undefined ? null : resolve(values.profile),
    write: values.write ? 'docs/performance.md' : null,
  };
}
