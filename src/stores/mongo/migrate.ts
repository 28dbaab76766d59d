import type { Db } from 'mongodb';
import { sha256 } from '../../domain/digest.ts';
import type { Clock } from '../../ports/clock.ts';
import { withLock } from './lock.ts';
import type { Migration } from './migrations/migration.ts';

interface Recorded {
  readonly _id: number;
  readonly name: string;
  readonly digest: string;
  /** When it was finished (ms). */
  readonly at: number;
}

const RECORDS = '_migrations';

export const digestOf = ({ number, name, describe, commands }: Migration): string =>
  sha256(JSON.stringify([number, name, describe, commands]));

/** Runs what has not been run, forward only and one instance at a time; answers with the names of what it ran. */
export async function migrate(db: Db, known: readonly Migration[], clock: Clock): Promise<string[]> {
  known.forEach(({ number }, index) => {
    if (number !== index + 1) throw new TypeError(`migration ${number} stands where ${index + 1} belongs`);
  });
  if ((await pending(db, known)).length === 0) return [];
  return withLock(db, clock, async (renew) => {
    // Another instance may have run them while this one waited.
    const due = await pending(db, known);
    for (const migration of due) {
      for (const command of migration.commands) {
        await renew();
        await db.command({ ...command });
      }
      const { number, name } = migration;
      await db.collection<Recorded>(RECORDS).insertOne({ _id: number, name, digest: digestOf(migration), at: clock.now() });
    }
    return due.map(({ name }) => name);
  });
}

/** What is not recorded yet. Refuses a database that another version, or another text of one migration, has changed. */
async function pending(db: Db, known: readonly Migration[]): Promise<Migration[]> {
  const recorded = await db.collection<Recorded>(RECORDS).find().sort({ _id: 1 }).toArray();
  for (const { _id, name, digest } of recorded) {
    const migration = known[_id - 1];
    if (migration === undefined)
      throw new Error(`migration ${_id} (${name}) was made by a newer version; this one knows ${known.length}. Start that version.`);
    if (migration.name !== name || digestOf(migration) !== digest)
      throw new Error(`migration ${_id} (${name}) is not the one this version knows under that number`);
  }
  const done = new Set(recorded.map(({ _id }) => _id));
  const due = known.filter(({ number }) => !done.has(number));
  if (due.length > 0 && due[0]!.number !== recorded.length + 1) throw new Error('the record of migrations has a gap; restore it');
  return due;
}
