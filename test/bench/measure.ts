import type { Exchange } from './load.ts';
import { drive } from './load.ts';
import type { Served } from './processes.ts';

/** One program that does one thing, to be compared with others that do the same. */
export interface Side {
  readonly name: string;
  readonly served: Served;
  readonly exchange: Exchange;
}

export interface Rounds {
  readonly rounds: number;
  readonly ms: number;
  readonly callers: number;
  /** At most so many exchanges a round. */
  readonly most?: number;
}

/** Medians over the rounds. */
export interface Figure {
  readonly name: string;
  readonly perCpuSecond: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly loopP99: number;
  readonly rssMb: number;
  /** Distance from the lowest to the highest round, as a share of the median. */
  readonly spread: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

type Round = Omit<Figure, 'name' | 'spread'>;

async function round({ served, exchange }: Side, { ms, callers, most }: Rounds): Promise<Round> {
  const before = await served.usage();
  const driven = await drive(exchange, { port: served.port, callers, ms, ...(most === undefined ? {} : { most }) });
  const after = await served.usage();
  if (driven.count === 0) throw new Error('nothing was answered');
  return {
    perCpuSecond: driven.count / ((after.cpu - before.cpu) / 1e6),
    perSecond: driven.count / (driven.ms / 1000),
    p50: driven.p50,
    p99: driven.p99,
    loopP99: after.loopP99,
    rssMb: after.rssMb,
  };
}

function figureOf(name: string, rounds: readonly Round[]): Figure {
  const of = (field: keyof Round) => median(rounds.map((each) => each[field]));
  const rates = rounds.map((each) => each.perCpuSecond);
  return {
    name,
    perCpuSecond: of('perCpuSecond'),
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    loopP99: of('loopP99'),
    rssMb: of('rssMb'),
    spread: (Math.max(...rates) - Math.min(...rates)) / of('perCpuSecond'),
  };
}

/** Code is compiled in the measured process itself, and the last of it after some ten thousand exchanges. */
const warmUpMs = 6_000;

/** Warms each side up, then takes rounds in turn, there and back, so that what else the machine does meets all alike. */
export async function compare(sides: readonly Side[], plan: Rounds): Promise<Figure[]> {
  const taken = new Map<string, Round[]>(sides.map(({ name }) => [name, []]));
  for (const side of sides) {
    await drive(side.exchange, {
      port: side.served.port,
      callers: plan.callers,
      ms: plan.ms < 1_000 ? 1_200 : Math.max(warmUpMs, plan.ms),
      ...(plan.most === undefined ? {} : { most: plan.most }),
    });
  }
  for (let index = 0; index < plan.rounds; index += 1) {
    for (const side of index % 2 === 0 ? sides : sides.toReversed()) taken.get(side.name)?.push(await round(side, plan));
  }
  return sides.map(({ name }) => figureOf(name, taken.get(name) ?? []));
}
