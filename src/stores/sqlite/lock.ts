import { DatabaseSync } from '@photostructure/sqlite';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isBusy, reasonOf } from './connection.ts';

/** The file's one name, its directory (0700) and the file (0600) made if need be. */
export function prepareFile(path: string): string {
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  const target = existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(resolve(path))), basename(path));
  makePrivate(target);
  return target;
}

/**
 * Takes the file for this process and gives back the release. The lock is one of the operating system's on a database
 * beside the file, so it ends with the process however that ends.
 */
export function lockFile(path: string): () => void {
  const beside = `${path}-lock`;
  makePrivate(beside);
  const db = new DatabaseSync(beside, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const why = isBusy(error)
      ? 'another process has it open, and the embedded store serves one; several instances need MongoDB'
      : reasonOf(error);
    throw new Error(`cannot open the store ${path}: ${why}`, { cause: error });
  }
  return () => db.close();
}

/** Never opens an existing file: closing it again would drop the locks this process holds on it. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
  chmodSync(path, 0o600);
}
