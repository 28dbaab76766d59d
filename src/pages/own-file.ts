/** What pages refer to, read once, and the address it is served at: the digest in the name lets browsers keep it for ever. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

export interface OwnFile {
  readonly path: `/assets/${string}`;
  readonly bytes: Buffer;
}

/** `style` and `css` are `/assets/style-….css`. */
export function openOwnFile(name: string, ending: 'css' | 'js'): OwnFile {
  const bytes = readFileSync(locate(`${name}.${ending}`));
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { path: `/assets/${name}-${digest}.${ending}`, bytes };
}

/** Beside this module when the source runs or the file was shipped along; otherwise in the source tree it was compiled from. */
function locate(name: string): URL {
  const beside = new URL(`./${name}`, import.meta.url);
  return existsSync(beside) ? beside : new URL(`../../../src/pages/${name}`, import.meta.url);
}
