import { DatabaseSync } from '@photostructure/sqlite';

export type Connection = InstanceType<typeof DatabaseSync>;

const BUSY_MS = 1_000;
/** 16 MiB of 4 KiB pages are copied back at a time, each page once however often it changed; the file is cut to that when it was ever longer. */
const CHECKPOINT_PAGES = 4_096;
const WAL_LIMIT_BYTES = 16 * 1_024 * 1_024;

/** A connection that answers a commit only when it is on stable storage. */
export function connect(path: string): Connection {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};
    PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;`);
  return db;
}

/** Runs `work` in one transaction; when it throws, nothing of it remains. */
export function transact<T>(db: Connection, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite's own words, which name tables and columns but never a value. */
export function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

const CONSTRAINT_UNIQUE = 2_067;
const BUSY = 5;

export const isStorageFailure = (error: unknown): boolean => codeOf(error) !== null;
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === CONSTRAINT_UNIQUE;
export const isBusy = (error: unknown): boolean => codeOf(error) === BUSY;

/** SQLite's result code; the binding's errors may come from another realm, so they are told by their fields. */
const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : null);
