import { countsIn, endOfWindow, fieldOf } from '../domain/rate-window.ts';
import type { DocumentEngine, StoredDocument } from '../ports/document-engine.ts';
import type { Sealing } from '../ports/sealing.ts';
import { rateWindows as collection } from './collections.ts';
import type { SourceTally } from './rate-tallies.ts';

/**
 * Writes what this instance counted in all into the row all instances share, and learns what the others counted. A write that is
 * repeated, or whose answer was lost, counts nothing twice. Rows are found by a keyed digest, another in every window: no address is stored.
 */
export function rateRows(engine: DocumentEngine, { instance, mac }: { instance: string; mac: Sealing['mac'] }) {
  const field = fieldOf(instance);
  const rowOf = ({ counter, window, source }: SourceTally) =>
    `${counter}:${window}:${mac('rate window', `${counter} ${window} ${source}`)}`;

  const change = (tally: SourceTally, own: number) => engine.updateIf(collection, rowOf(tally), {}, { set: { [field]: own } }, 'before');

  /** Most sources meet one instance only, so their row is new. */
  async function create(tally: SourceTally, own: number): Promise<StoredDocument | null> {
    const row = { id: rowOf(tally), expiresAt: endOfWindow(tally.window + 1), [field]: own };
    return (await engine.insert(collection, row)) === 'inserted' ? row : change(tally, own);
  }

  return async (tally: SourceTally): Promise<void> => {
    const { own } = tally;
    const row = await (tally.isStored ? change(tally, own) : create(tally, own));
    tally.isStored = row !== null;
    if (row === null) return;
    const counted = countsIn(row, instance);
    tally.shared = own;
    tally.others = Math.max(tally.others, counted.others);
    // A full table forgot what the row remembers.
    tally.own = Math.max(tally.own, counted.own);
  };
}
