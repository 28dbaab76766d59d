/** Writes numbered documents as fast as it can and says each acknowledgement: `i <id> <n>` inserted, `u <counter> <value>` counted. */
import { writeSync } from 'node:fs';
import { openSqliteEngine } from '../../../src/stores/sqlite/engine.ts';
import { numbered, numberedDocument, WRITERS } from './numbered.ts';

const [path = '', round = ''] = process.argv.slice(2);
const engine = await openSqliteEngine({ path, collections: [numbered] });

async function keepWriting(writer: number): Promise<never> {
  const counter = `counter-${writer}`;
  await engine.insert(numbered, { id: counter, value: 0 });
  for (let n = 1; ; n += 1) {
    const id = `${round}-${writer}-${n}`;
    if ((await engine.insert(numbered, numberedDocument(id, n))) === 'inserted') writeSync(1, `i ${id} ${n}\n`);
    const counted = await engine.updateIf(numbered, counter, {}, { inc: { value: 1 } }, 'after');
    writeSync(1, `u ${counter} ${String(counted?.['value'])}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => keepWriting(writer)));
