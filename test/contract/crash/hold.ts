/** Opens the store, writes one document, says `open`, and stays (`stay`) or has nothing more to do (`leave`). */
import { writeSync } from 'node:fs';
import { openSqliteEngine } from '../../../src/stores/sqlite/engine.ts';
import { numbered } from './numbered.ts';

const [path = '', then = ''] = process.argv.slice(2);
const engine = await openSqliteEngine({ path, collections: [numbered] });
await engine.insert(numbered, { id: 'held' });
writeSync(1, 'open\n');
if (then === 'stay') setInterval(() => undefined, 1_000);
