import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '../domain/secret.ts';

/** The key beside an embedded store on this machine, made at the first start and readable by its owner alone. */
export function keyBeside(folder: string): Secret<'key'> {
  const path = join(folder, 'master.key');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Made only if it is not there: of two starts at once both read the same key.
    writeFileSync(path, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return new Secret(readFileSync(path, 'utf8').trim());
}
