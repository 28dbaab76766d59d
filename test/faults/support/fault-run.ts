import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import type { Acknowledgements, Entry } from './acknowledgements.ts';
import { openAcknowledgements } from './acknowledgements.ts';
import type { Evidence, Holdings, Span } from './evidence.ts';
import { gather, recover } from './evidence.ts';
import { settled, usualAllowance } from './holdings.ts';
import { violations } from './invariants.ts';
import { chosenSeed, openDice } from './seed.ts';
import type { Dice } from './seed.ts';
import type { Place, Workload } from './workload.ts';
import { openWorkload } from './workload.ts';

/** What a test may do and see while the fault is there. */
export interface During {
  readonly log: Acknowledgements;
  readonly load: Workload;
  readonly place: Place;
  /** Of the same seed: for what the fault chooses. */
  readonly dice: Dice;
}

export interface FaultRun {
  readonly place: Place;
  /** A way to the store that the fault is not on. */
  readonly engine: DocumentEngine;
  /** Everything the instances have logged so far. */
  readonly lines: () => readonly string[];
  /** What the load needs before, so that what it opens is open when it is looked at what the processes hold. */
  readonly prepare?: (during: During) => Promise<void>;
  readonly inject: (during: During) => Promise<void>;
  readonly lift: () => Promise<void>;
  /** Asked while the fault is there, beside the load. */
  readonly meanwhile?: (during: During) => Promise<void>;
  /** True when no instance can read the store between inject and lift. */
  readonly isBlind?: boolean;
  /** What the processes hold on to, by name; looked at before the fault and after it. */
  readonly holdings?: Readonly<Record<string, () => Holdings>>;
  readonly allowance?: Holdings;
  /** Milliseconds of load before, during and after the fault. */
  readonly times?: readonly [before: number, during: number, after: number];
}

/** How a run went. Compare `judged` with `clean(run)`: a failure then names the seed, and FAULT_SEED repeats its choices. */
export interface Ran {
  readonly seed: number;
  readonly evidence: Evidence;
  readonly judged: { readonly seed: number; readonly violations: readonly string[] };
  /** From the moment the fault was there to the moment it was lifted. */
  readonly span: Span;
  /** Requests that were sent and ended while the fault was there. */
  readonly during: readonly Entry[];
  /** How many entries of a kind were answered well. */
  honoured(kind: Entry['kind'], entries?: readonly Entry[]): number;
}

export const clean = ({ seed }: Ran): Ran['judged'] => ({ seed, violations: [] });

/** Load, fault in the middle, load, recovery, and then every invariant. */
export async function runFault(run: FaultRun): Promise<Ran> {
  const { place, engine, lines, isBlind = false, holdings = {}, times = [1_500, 2_500, 1_000] } = run;
  const seed = chosenSeed();
  const log = openAcknowledgements();
  const load = openWorkload(place, log, seed);
  const allowance = { ...usualAllowance, ...run.allowance };
  // One of everything first, so that what is opened once is open, and that the seed leaves nothing out.
  for (const { name } of place.instances) {
    await load.login(name);
    const family = await load.login(name);
    if (family === null) throw new Error('nobody could sign in before the fault');
    for (const step of [load.call, load.refresh, load.revoke]) await step(family, name);
  }
  await load.run(times[0]);
  const during = { log, load, place, dice: openDice(seed) };
  await run.prepare?.(during);
  const before = Object.entries(holdings).map(([name, held]) => [name, held, held()] as const);

  await load.hold(6);
  await run.inject(during);
  const from = Date.now();
  await Promise.all([load.run(times[1]), run.meanwhile?.(during)]);
  const to = Date.now();
  await run.lift();
  const recoveries = await recover(place, Date.now(), load.login);
  await load.run(times[2]);
  const evidence = await gather({
    place,
    log,
    engine,
    lines: lines(),
    outages: isBlind ? [{ from, to }] : [],
    recoveries,
    holdings: await Promise.all(
      before.map(async ([name, held, then]) => ({ name, before: then, after: await settled(then, held, allowance), allowance })),
    ),
  });
  return {
    seed,
    evidence,
    judged: { seed, violations: violations(evidence) },
    span: { from, to },
    during: log.entries.filter(({ sentAt, endedAt }) => sentAt >= from && (endedAt ?? Number.POSITIVE_INFINITY) <= to),
    honoured: (kind, entries = log.entries) => entries.filter((entry) => entry.kind === kind && entry.isHonoured && !entry.isProbe).length,
  };
}
