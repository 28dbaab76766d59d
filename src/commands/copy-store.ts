import { copyStore } from '../cli/copy-store.ts';
import type { CopyOptions } from '../cli/options.ts';
import { collections } from '../stores/collections.ts';
import { openStore } from '../stores/open-store.ts';
import { openExisting, quietly } from './installation.ts';

/** Copies one store into another, with what it is doing on stderr and the outcome on stdout. */
export async function copy({ from, to, json }: CopyOptions): Promise<void> {
  const source = await openExisting(from);
  try {
    const target = await openStore(to, quietly);
    try {
      const shown = (name: string, rows: number) => void process.stderr.write(`${name}: ${rows} rows\n`);
      const copied = await copyStore(source, target, collections, shown);
      const table = copied.map(
        ({ name, count, written, digest }) => `${name.padEnd(20)} ${String(count).padStart(9)} rows, ${written} written now, ${digest}`,
      );
      process.stdout.write(`${json ? JSON.stringify({ collections: copied }) : table.join('\n')}\n`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
