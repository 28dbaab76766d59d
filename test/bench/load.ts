import { Wire } from './wire.ts';

/** One exchange as one caller makes it; false when what it needs is used up. Throws when the answer is not the right one. */
export type Exchange = (wire: Wire) => Promise<boolean>;

export interface Load {
  readonly port: number;
  readonly callers: number;
  readonly ms: number;
  /** At most so many exchanges, for those that use something up. */
  readonly most?: number;
}

export interface Driven {
  readonly count: number;
  readonly ms: number;
  /** Milliseconds at the client. */
  readonly p50: number;
  readonly p99: number;
}

const at = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Callers on connections of their own, each with its next request as soon as it has an answer, until the time is over. */
export async function drive(exchange: Exchange, { port, callers, ms, most = Number.POSITIVE_INFINITY }: Load): Promise<Driven> {
  const latencies: number[] = [];
  const began = performance.now();
  let begun = 0;
  const caller = async () => {
    const wire = new Wire(port);
    try {
      while (begun < most && performance.now() - began < ms) {
        begun += 1;
        const sent = performance.now();
        if (!(await exchange(wire))) return;
        latencies.push(performance.now() - sent);
      }
    } finally {
      wire.close();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const sorted = Float64Array.from(latencies).sort();
  return { count: sorted.length, ms: performance.now() - began, p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
}

/** Exchanges in a row on one connection, for what a benchmark needs beforehand. */
export async function once(exchange: Exchange, port: number): Promise<void> {
  const wire = new Wire(port);
  try {
    await exchange(wire);
  } finally {
    wire.close();
  }
}
