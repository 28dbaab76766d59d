import { readFileSync } from 'node:fs';

/** A file that the configuration names, read once at the start. */
export function readLocalFile(path: string): Buffer {
  return readFileSync(path);
}
