/** One row a family, updated in place: batches from the server's thread, each one transaction of a log on stable storage. */
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { familyId } from './family.ts';

export interface Step {
  readonly id: string;
  readonly generation: number;
}

const { path, count } = workerData as { path: string; count: number };
const db = new DatabaseSync(path);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1024; PRAGMA cache_size = -16384');
db.exec('CREATE TABLE families (id TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, used INTEGER NOT NULL, about TEXT NOT NULL)');
const insert = db.prepare('INSERT INTO families VALUES (?, 1, 0, ?)');
const update = db.prepare('UPDATE families SET generation = generation + 1, used = ? WHERE id = ? AND generation = ?');

db.exec('BEGIN');
for (let index = 0; index < count; index += 1) insert.run(familyId(index), 'x'.repeat(800));
db.exec('COMMIT');
parentPort?.postMessage('ready');

parentPort?.on('message', (steps: readonly Step[]) => {
  const now = Date.now();
  db.exec('BEGIN IMMEDIATE');
  const won = steps.map(({ id, generation }) => Number(update.run(now, id, generation).changes) === 1);
  db.exec('COMMIT');
  parentPort?.postMessage(won);
});
