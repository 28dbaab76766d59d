/** The one stylesheet, read once, and the address it is served at: the digest in the name lets browsers keep it for ever. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

const bytes = readFileSync(locate());
const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);

export const stylesheet: { readonly path: string; readonly bytes: Buffer } = { path: `/assets/style-${digest}.css`, bytes };

/** Beside this module when the source runs or the file was shipped along; otherwise in the source tree it was compiled from. */
function locate(): URL {
  const beside = new URL('./style.css', import.meta.url);
  return existsSync(beside) ? beside : new URL('../../../src/pages/style.css', import.meta.url);
}
