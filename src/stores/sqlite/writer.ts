/** The writer thread: each message is a batch, committed in one transaction and answered when it is on stable storage. */
import { parentPort, workerData } from 'node:worker_threads';
import { applyBatch, type Writes } from './batch.ts';
import { connect, type Connection, reasonOf } from './connection.ts';
import { openElsewhere } from './elsewhere.ts';
import type { Operation, Reply, Request, WriterData } from './messages.ts';
import { prepareWrites } from './statements.ts';

const { path, collections } = workerData as WriterData;
const port = parentPort;
if (port === null) throw new Error('the writer runs as a worker thread only');

const db = connect(path);
const wroteElsewhere = openElsewhere(db);
const writes: Writes = new Map(collections.map((collection) => [collection.name, prepareWrites(db, collection)]));

port.on('message', (request: Request) => {
  if (request === 'close') {
    emptyLog(db);
    db.close();
    port.close();
    return;
  }
  port.postMessage(commit(db, request));
});

function commit(connection: Connection, operations: readonly Operation[]): Reply {
  try {
    const outcomes = applyBatch(connection, writes, operations);
    return { kind: 'committed', outcomes, elsewhere: wroteElsewhere() };
  } catch (error) {
    // On a full disk the log may hold space that copying it back into the file frees.
    emptyLog(connection);
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** Copies the log back into the file. What cannot be copied now stays in the log, where it is as durable. */
function emptyLog(connection: Connection): void {
  try {
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A storage that fails shows it at the next commit.
  }
}
