/** Writes numbered documents as fast as it can and says each acknowledgement: `i <id> <n>` inserted, `u <counter> <value>` counted. */
import { writeSync } from 'node:fs';
import { openSqliteEngine } from '../../../src/stores/sqlite/engine.ts';
import { numbered, numberedDocument, WRITERS } from './numbered.ts';

const [path = '', round = ''] = process.argv.slice(2);
const engine = await openSqliteEngine({ path, collections: [numbered] });

/** Says a whole line, however slowly the other end reads: a full pipe takes part of it or none. */
function say(line: string): void {
  for (let left = Buffer.from(`${line}\n`); left.length > 0;) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

async function keepWriting(writer: number): Promise<never> {
  const counter = `counter-${writer}`;
  await engine.insert(numbered, { id: counter, value: 0 });
  for (let n = 1; ; n += 1) {
    const id = `${round}-${writer}-${n}`;
    if ((await engine.insert(numbered, numberedDocument(id, n))) === 'inserted') say(`i ${id} ${n}`);
    const counted = await engine.updateIf(numbered, counter, {}, { inc: { value: 1 } }, 'after');
    say(`u ${counter} ${String(counted?.['value'])}`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => keepWriting(writer)));
