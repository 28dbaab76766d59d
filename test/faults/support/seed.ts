/** A random source that a number repeats. */
export interface Dice {
  readonly seed: number;
  /** From 0 up to and without `below`. */
  roll(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** The seed of this run: FAULT_SEED when it is set, so that a failure can be tried again. */
export function chosenSeed(): number {
  const given = Number(process.env['FAULT_SEED'] ?? '');
  return Number.isSafeInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * 1_000_000);
}

export function openDice(seed: number): Dice {
  let state = seed;
  // Mulberry32: small, and good enough to shuffle with.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (below: number) => Math.floor(next() * below);
  return { seed, roll, pick: (items) => items[roll(items.length)] as never };
}
