import type { Machine } from './machine.ts';
import type { Figure } from './measure.ts';

/** Everything a run found; what `--json` prints. */
export interface Results {
  readonly mode: string;
  readonly date: string;
  readonly seconds: number;
  readonly machine: Machine;
  /** What keeps the data of each engine. */
  readonly places: Readonly<Record<string, string>>;
  /** By topic: rate per processor second of ours over that of another, or of one other over another. */
  readonly ratios: Record<string, Record<string, number>>;
  /** By topic: cost over a larger store divided by cost over the smallest. */
  readonly growth: Record<string, Record<string, number>>;
  readonly figures: Record<string, readonly Figure[]>;
  /** By topic: the widest spread of rounds among its contenders. */
  readonly spread: Record<string, number>;
  /** Microseconds of processor time in each part of one of our logins. */
  readonly loginParts?: Readonly<Record<'begin' | 'callback' | 'finish', number>>;
  /** One caller through our gateway, less one caller through the bare proxy; milliseconds. */
  readonly added?: { readonly p50: number; readonly p99: number };
  readonly start?: Readonly<Record<string, { readonly ms: number; readonly idleRssMb: number }>>;
}

export type Found = { -readonly [Key in keyof Results]: Results[Key] };

export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');

/** Takes in one comparison: the first side against each of the others, and each of the others against the last. */
export function addComparison(found: Found, topic: string, figures: readonly Figure[]): void {
  found.figures[topic] = figures;
  found.spread[topic] = Math.max(...figures.map(({ spread }) => spread));
  const ratios: Record<string, number> = (found.ratios[topic] ??= {});
  for (const [index, one] of figures.entries()) {
    for (const other of figures.slice(index + 1))
      ratios[`${slug(one.name)}_vs_${slug(other.name)}`] = one.perCpuSecond / other.perCpuSecond;
  }
}

const power = (size: number) => `1e${Math.round(Math.log10(size))}`;

/** Cost over more grants against cost over the fewest. */
export function addGrowth(found: Found, topic: string, engine: string, figures: readonly Figure[], sizes: readonly number[]): void {
  found.figures[`growth of ${topic}, ${engine}`] = figures;
  found.spread[`growth of ${topic}, ${engine}`] = Math.max(...figures.map(({ spread }) => spread));
  const [smallest] = figures;
  const growth: Record<string, number> = (found.growth[topic] ??= {});
  for (const [index, figure] of figures.entries()) {
    if (smallest === undefined || index === 0) continue;
    growth[`${engine}_${power(sizes[index] ?? 1)}_vs_${power(sizes[0] ?? 1)}`] = smallest.perCpuSecond / figure.perCpuSecond;
  }
}
