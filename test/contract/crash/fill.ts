/**
 * Writes until the store refuses, says `refused`, shows that it goes on refusing and reading, says `waiting`, and tries until
 * there is space again; then compares what is stored with what was acknowledged.
 */
import { writeSync } from 'node:fs';
import { StoreUnavailable } from '../../../src/ports/document-engine.ts';
import { openSqliteEngine } from '../../../src/stores/sqlite/engine.ts';
import { numbered } from './numbered.ts';

const [path = ''] = process.argv.slice(2);
const events = new Set<string>();
const engine = await openSqliteEngine({ path, collections: [numbered], log: ({ event }) => events.add(event) });
const stored: string[] = [];
let next = 0;

async function write(): Promise<boolean> {
  const id = `n${String((next += 1)).padStart(6, '0')}`;
  try {
    await engine.insert(numbered, { id, label: id, text: 'x'.repeat(20_000) });
    stored.push(id);
    return true;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return false;
  }
}

const burst = (): Promise<boolean[]> => Promise.all([write(), write(), write(), write()]);

/** The first refusal frees what the log holds, so the disk is full only when nothing goes in several times in a row. */
for (let refused = 0; refused < 5;) refused = (await burst()).some(Boolean) ? 0 : refused + 1;
writeSync(1, `refused ${stored.length}\n`);
const again = [...(await burst()), ...(await burst())];
const readable = (await engine.get(numbered, stored[0] ?? '')) !== null;
writeSync(1, `waiting ${JSON.stringify({ again, readable, events: [...events] })}\n`);
while (!(await write())) await new Promise((resolve) => setTimeout(resolve, 20));
await burst();
const found = (await engine.page(numbered, { limit: 1_000 })).map((document) => document.id);
writeSync(1, `recovered ${JSON.stringify({ same: found.join() === stored.sort().join(), count: found.length })}\n`);
await engine.close();
