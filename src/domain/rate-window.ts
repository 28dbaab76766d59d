/** Windows are the minutes of the clock, so that instances agree on them without asking each other. */
const LENGTH = 60_000;

export const windowAt = (now: number): number => Math.floor(now / LENGTH);
export const endOfWindow = (window: number): number => (window + 1) * LENGTH;

/** How often one source was counted within one window. */
export interface Tally {
  /** By this instance. */
  own: number;
  /** What the others can know of that. */
  shared: number;
  /** By all others, as far as was heard. */
  others: number;
}

export const sumOf = ({ own, others }: Tally): number => own + others;
export const unshared = ({ own, shared }: Tally): number => own - shared;

/** Those with the most to tell, at most so many, in one pass however many there are. */
export function hottest<Each extends Tally>(tallies: Iterable<Each>, most: number): Each[] {
  const found: Each[] = [];
  let least = 0;
  for (const tally of tallies) {
    const told = unshared(tally);
    if (found.length >= most && told <= least) continue;
    let at = found.length;
    for (let before = found[at - 1]; before !== undefined && unshared(before) < told; before = found[at - 1]) at -= 1;
    found.splice(at, 0, tally);
    if (found.length > most) found.pop();
    const last = found.at(-1);
    least = last === undefined ? 0 : unshared(last);
  }
  return found;
}

/** The fields of a row into which each instance writes its own count, so that writing it twice changes nothing. */
const PREFIX = 'by_';
export const fieldOf = (instance: string): string => `${PREFIX}${instance}`;

/** What one instance and all the others counted, by a row. */
export function countsIn(row: Readonly<Record<string, unknown>>, instance: string): { own: number; others: number } {
  const counts = { own: 0, others: 0 };
  for (const [field, count] of Object.entries(row)) {
    if (!field.startsWith(PREFIX) || typeof count !== 'number' || !(count > 0)) continue;
    counts[field === fieldOf(instance) ? 'own' : 'others'] += count;
  }
  return counts;
}
