import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const Note = z.object({ text: z.string(), by: z.string(), at: z.string() });
const Shelf = z.array(z.tuple([z.string(), z.array(Note)]));

export type Note = z.infer<typeof Note>;

/** Notes, kept apart by tenant; those of `null` are nobody's. */
export interface Notes {
  list(tenant: string | null): readonly Note[];
  add(tenant: string | null, note: Note): number;
  clear(tenant: string | null): number;
}

const mostNotes = 1000;

// A tenant may be called anything, so its key can never be that of nobody.
const keyOf = (tenant: string | null): string => (tenant === null ? 'nobody' : `tenant ${tenant}`);

/** Remembers notes in memory and, when it is given a file, across restarts. */
export function openNotes(dataFile: string | null): Notes {
  const known = dataFile !== null && existsSync(dataFile) ? Shelf.parse(JSON.parse(readFileSync(dataFile, 'utf8'))) : [];
  const shelf = new Map(known);
  const keep = (): void => {
    if (dataFile === null) return;
    mkdirSync(dirname(dataFile), { recursive: true });
    writeFileSync(`${dataFile}.new`, JSON.stringify([...shelf]), { mode: 0o600 });
    renameSync(`${dataFile}.new`, dataFile);
  };
  return {
    list: (tenant) => shelf.get(keyOf(tenant)) ?? [],
    add(tenant, note) {
      const notes = [...(shelf.get(keyOf(tenant)) ?? []), note].slice(-mostNotes);
      shelf.set(keyOf(tenant), notes);
      keep();
      return notes.length;
    },
    clear(tenant) {
      const gone = shelf.get(keyOf(tenant))?.length ?? 0;
      shelf.delete(keyOf(tenant));
      keep();
      return gone;
    },
  };
}
